/// A stream of small grains in small tables, which is cut short.
struct CutStream {
    /// In bytes.
    static let grainSize = 512
    static let grains = 12
    private static let entriesPerTable = 4

    /// Those that are there, each with a byte of its own.
    private static let written = [0, 2, 3, 5, 8, 11]

    private(set) var bytes: [UInt8]

    /// One with the first `tables` of its three tables, each behind its grains, and the directory where all are there;
    /// without the last `missing` sectors, or all but the header.
    init(tables: Int, missing: Int) {
        bytes = Self.header
        var directory: [Int] = []
        for table in 0..<Self.grains / Self.entriesPerTable {
            var entries = [Int](repeating: 0, count: Self.entriesPerTable)
            for grain in Self.written where grain / Self.entriesPerTable == table {
                entries[grain % Self.entriesPerTable] = bytes.count / 512
                let data = Self.zlib([UInt8](repeating: UInt8(grain + 1), count: Self.grainSize))
                append(Self.little(grain, 8) + Self.little(data.count, 4) + data)
            }
            guard table < tables else { continue }
            append(Self.little(1, 8) + Self.little(0, 4) + Self.little(1, 4))
            directory.append(bytes.count / 512)
            append(entries.flatMap { Self.little($0, 4) })
        }
        if directory.count == Self.grains / Self.entriesPerTable {
            append(Self.little(1, 8) + Self.little(0, 4) + Self.little(2, 4))
            append(directory.flatMap { Self.little($0, 4) })
        }
        bytes.removeLast(min(missing * 512, bytes.count - Self.header.count))
    }

    private static let header: [UInt8] = {
        var header = Array("KDMV".utf8) + little(3, 4) + little(0x30001, 4) + little(grains, 8) + little(1, 8)
        header += little(0, 16) + little(entriesPerTable, 4) + little(0, 8)
        header += [UInt8](repeating: 0xFF, count: 8) + little(1, 8) + [0, 0x0A, 0x20, 0x0D, 0x0A, 1, 0]
        return header + [UInt8](repeating: 0, count: 512 - header.count)
    }()

    private mutating func append(_ record: [UInt8]) {
        bytes += record + [UInt8](repeating: 0, count: (512 - record.count % 512) % 512)
    }

    /// `data` as it is, in one block (RFC 1950, RFC 1951).
    private static func zlib(_ data: [UInt8]) -> [UInt8] {
        var (sum, sums) = (1, 0)
        for byte in data {
            sum = (sum + Int(byte)) % 65_521
            sums = (sums + sum) % 65_521
        }
        let count = little(data.count, 2)
        return [0x78, 0x01, 0x01] + count + count.map { ~$0 } + data
            + little(sums << 16 | sum, 4).reversed()
    }

    private static func little(_ number: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { $0 < 8 ? UInt8(truncatingIfNeeded: number >> ($0 * 8)) : 0 }
    }
}
