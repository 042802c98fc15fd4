/// The L1 table of an image, in memory.
struct L1Table: Sendable {
    /// Its offset in the file, in bytes.
    let offset: UInt64

    /// The entries that the disk uses.
    var entries: [UInt64]

    init(offset: UInt64, entries: [UInt64]) {
        self.offset = offset
        self.entries = entries
    }

    /// Reads the `count` entries of the table at `offset` of `file`. The caller has checked the bounds.
    init(_ file: any Source, at offset: UInt64, count: Int, _ word: TableWord) throws(ImageError) {
        self.init(offset: offset, entries: [])
        entries.reserveCapacity(count)
        var pieces = L1Entries(file, at: offset, count: count, word)
        while let piece = try pieces.nextPiece() { entries += piece }
    }
}
