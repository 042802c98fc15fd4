/// Decodes one known span, piece by piece, and compares each piece with its hash.
///
/// It can be parked between two pieces, and continue later.
///
/// @unchecked Sendable: one thread at a time has it. It passes from thread to thread through the cache, under whose
/// lock it is parked and taken.
final class SpanDecoder: DecodedCache.Parked, @unchecked Sendable {
    private let span: SeekSpan
    private let hashes: [UInt64]
    private let decoder: any SeekDecoder
    private let cache: DecodedCache

    private(set) var nextPiece = 0

    /// The offset of the next piece, in bytes from the start of the layer.
    var position: UInt64 { span.range.lowerBound + UInt64(nextPiece) * UInt64(SeekSpan.pieceSize) }

    var cost: Int { decoder.memory }

    /// Set when it stops.
    var stay = DecodedCache.Stay.none

    let began = monotonicTime()

    /// True if all pieces have been decoded.
    var isFinished: Bool { nextPiece == span.pieces }

    /// Creates a decoder of `span`, which lies in `block`. `cache` has memory for its pieces.
    ///
    /// Throws `limit` if the decoder would take too much memory, and `corrupt` if the detail is impossible.
    init(
        of span: SeekSpan, _ detail: SpanDetail, in block: any SeekableBlock, _ cache: DecodedCache
    ) throws(ImageError) {
        self.span = span
        self.cache = cache
        hashes = detail.hashes
        let start =
            detail.state.isEmpty ? nil : try SpanStart(of: span, detail.state, .sparse(detail.window))
        decoder = try block.decoder(from: start)
    }

    /// Decodes the next piece.
    ///
    /// Throws `corrupt` if the piece is not what the index says, or cannot be decoded at all: then the index is wrong,
    /// or the image has changed.
    func decodePiece() throws(ImageError) -> Piece {
        let start = position
        let count = Int(min(UInt64(SeekSpan.pieceSize), span.range.upperBound - start))
        let piece = try PieceReader(decoder: decoder, cache: cache).next(count).piece
        guard piece.count == count, piece.hash == hashes[nextPiece] else {
            throw ImageError(
                .corrupt,
                "hash of the \(piece.count) bytes decoded at \(start) is \(hex(piece.hash)), "
                    + "the seek index has \(hex(hashes[nextPiece])) for \(count) bytes")
        }
        nextPiece += 1
        return piece
    }
}
