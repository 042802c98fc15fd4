/// A decoder of a whole block, piece by piece, that checks it at its end. It can be parked between two pieces.
protocol SequentialDecoder: DecodedCache.Parked {
    /// True if the whole block has been decoded and checked.
    var isFinished: Bool { get }

    /// Decodes the next piece, of `SeekSpan.pieceSize` bytes unless it is the last. With the last one, checks everything that
    /// can be checked.
    ///
    /// Throws `corrupt` if the data is not what it should be.
    func decodePiece() throws(ImageError) -> [UInt8]
}
