/// The L1 table of an image: in memory, or left in the file where it is so large that most of it may never be needed.
enum FirstLevel: Sendable {
    case memory(L1Table)
    case file(offset: UInt64, count: Int)

    /// The most entries that are kept in memory, in 1 MiB.
    static let maximumInMemory = 131_072

    /// The `count` entries of the table at `offset` of `file`, where it lies; throws what reading them does.
    init(_ file: any Source, at offset: UInt64, count: Int, _ word: TableWord) throws(ImageError) {
        self =
            count > Self.maximumInMemory
            ? .file(offset: offset, count: count)
            : .memory(try L1Table(file, at: offset, count: count, word))
    }

    /// Where it starts in the file, in bytes.
    var offset: UInt64 {
        switch self {
        case .memory(let table): table.offset
        case .file(let offset, _): offset
        }
    }

    /// How many entries it has, as far as the disk takes them.
    var count: Int {
        switch self {
        case .memory(let table): table.entries.count
        case .file(_, let count): count
        }
    }

    /// The first of its entries, in the table of `file`: as many as are kept in memory, and can be read.
    func head(of file: any Source, _ word: TableWord) -> [UInt64] {
        switch self {
        case .memory(let table): table.entries
        case .file(let offset, _):
            Array(L1Entries(file, at: offset, count: Self.maximumInMemory, word))
        }
    }

    /// The memory that it takes, in bytes.
    var memory: Int {
        switch self {
        case .memory(let table): table.entries.count * MemoryLayout<UInt64>.size
        case .file: 0
        }
    }
}
