/// The L1 table of an image: in memory, or left in the file if it is so large that most of it may never be needed.
enum FirstLevel: Sendable {
    case memory(L1Table)
    case file(offset: UInt64, count: Int)

    /// The largest number of entries kept in memory: they take 1 MiB.
    static let maximumInMemory = 131_072

    /// Takes the table of `count` entries at `offset` of `file`. Throws the errors of reading it.
    init(_ file: any Source, at offset: UInt64, count: Int, _ word: TableWord) throws(ImageError) {
        self =
            count > Self.maximumInMemory
            ? .file(offset: offset, count: count)
            : .memory(try L1Table(file, at: offset, count: count, word))
    }

    /// Its offset in the file, in bytes.
    var offset: UInt64 {
        switch self {
        case .memory(let table): table.offset
        case .file(let offset, _): offset
        }
    }

    /// The number of entries that the disk uses.
    var count: Int {
        switch self {
        case .memory(let table): table.entries.count
        case .file(_, let count): count
        }
    }

    /// The first entries of the table, read from `file` if need be: as many as may be kept in memory and can be read.
    func head(of file: any Source, _ word: TableWord) -> [UInt64] {
        switch self {
        case .memory(let table): table.entries
        case .file(let offset, _):
            Array(L1Entries(file, at: offset, count: Self.maximumInMemory, word))
        }
    }

    /// The memory in bytes that the table takes.
    var memory: Int {
        switch self {
        case .memory(let table): table.entries.count * MemoryLayout<UInt64>.size
        case .file: 0
        }
    }
}
