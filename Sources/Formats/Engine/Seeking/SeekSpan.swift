/// A stretch of what a layer holds that can be decoded on its own: from the start of an xz block, or
/// from a checkpoint inside one, to the next.
package struct SeekSpan: Hashable, Sendable {
    /// The length in bytes of the pieces in which spans are decoded, hashed and cached; the last piece
    /// of a span may be shorter.
    package static let pieceSize = 128 << 10

    /// Where its decoded data lies in the layer, in bytes; never empty.
    package var range: Range<UInt64>

    /// Where decoding it starts in the file the layer is made of, in bytes. For xz: the block header
    /// where the span is the first of its block, and the control byte of an LZMA2 chunk otherwise.
    package var input: UInt64

    /// How long decoding all of it took when it was indexed, in microseconds of CPU time.
    package var time: UInt32

    /// A span of the layer's bytes in `range`, whose compressed data starts at `input`.
    package init(range: Range<UInt64>, input: UInt64, time: UInt32) {
        self.range = range
        self.input = input
        self.time = time
    }

    /// The length of its decoded data, in bytes.
    package var count: UInt64 { range.upperBound - range.lowerBound }

    /// How many pieces it has.
    package var pieces: Int { Int((count + UInt64(Self.pieceSize) - 1) / UInt64(Self.pieceSize)) }
}
