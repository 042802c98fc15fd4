/// Iterates over the entries of an L1 table, reading a few at a time. Ends at the first that cannot be read.
struct L1Entries: Sequence, IteratorProtocol {
    /// The number of entries read at once: so few that the next ones reuse their memory.
    private static let pieceCount = 8192

    private let file: any Source
    private let offset: UInt64
    private let count: Int
    private let word: TableWord

    private var read = 0
    private var piece: [UInt64] = []
    private var index = 0

    /// Iterates over the `count` entries of the table at `offset` of `file`. The caller has checked the bounds.
    init(_ file: any Source, at offset: UInt64, count: Int, _ word: TableWord) {
        self.file = file
        self.offset = offset
        self.count = count
        self.word = word
    }

    /// Reads the next `pieceCount` entries, or the fewer that are left. Nil at the end.
    mutating func nextPiece() throws(ImageError) -> [UInt64]? {
        let step = Swift.min(count - read, Self.pieceCount)
        guard step > 0 else { return nil }
        let words = word.words(
            try file.bytes(at: offset + UInt64(read * word.size), count: step * word.size))
        read += step
        return words
    }

    mutating func next() -> UInt64? {
        if index == piece.count {
            guard let next = try? nextPiece() else { return nil }
            (piece, index) = (next, 0)
        }
        defer { index += 1 }
        return piece[index]
    }
}
