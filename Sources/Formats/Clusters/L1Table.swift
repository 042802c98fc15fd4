/// The first level of an image's tables.
struct L1Table: Sendable {
    /// Where it starts in the file, in bytes.
    let offset: UInt64

    /// Its entries, as far as the disk takes them.
    var entries: [UInt64]

    init(offset: UInt64, entries: [UInt64]) {
        self.offset = offset
        self.entries = entries
    }

    /// The `count` entries of the table at `offset` of `file`; the caller has bounded them.
    init(_ file: any Source, at offset: UInt64, count: Int, _ word: TableWord) throws(ImageError) {
        self.init(offset: offset, entries: [])
        entries.reserveCapacity(count)
        var pieces = L1Entries(file, at: offset, count: count, word)
        while let piece = try pieces.nextPiece() { entries += piece }
    }
}
