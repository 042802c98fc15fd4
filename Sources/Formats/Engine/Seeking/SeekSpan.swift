/// A range of a layer's decoded data that can be decoded without what comes before it: from the start of an xz block,
/// or from a checkpoint inside one, to the next.
package struct SeekSpan: Hashable, Sendable {
    /// The length in bytes of the pieces in which spans are decoded, hashed and cached; the last piece
    /// of a span may be shorter.
    package static let pieceSize = 128 << 10

    /// The range of its decoded data in the layer, in bytes. Never empty.
    package var range: Range<UInt64>

    /// The offset, in bytes, at which decoding starts in the layer's file. For xz: the block header if the span is the
    /// first of its block, otherwise the control byte of an LZMA2 chunk.
    package var input: UInt64

    /// The time that decoding all of it took when it was indexed, in microseconds of CPU time.
    package var time: UInt32

    /// Creates a span of the layer's bytes in `range`, whose compressed data starts at `input`.
    package init(range: Range<UInt64>, input: UInt64, time: UInt32) {
        self.range = range
        self.input = input
        self.time = time
    }

    /// The length of its decoded data, in bytes.
    package var count: UInt64 { range.upperBound - range.lowerBound }

    /// The number of its pieces.
    package var pieces: Int { Int((count + UInt64(Self.pieceSize) - 1) / UInt64(Self.pieceSize)) }
}
