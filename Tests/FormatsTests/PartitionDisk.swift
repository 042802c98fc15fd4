@testable import VitrineFormats

/// A disk with a partition table, written byte by byte.
struct PartitionDisk: Sendable {
    static let linux = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
    static let efi = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"

    var bytes: [UInt8]

    init(size: Int) {
        bytes = [UInt8](repeating: 0, count: size)
    }

    /// The partition table read from the disk. Nil if there is none.
    var table: PartitionTable? {
        get throws { try PartitionTable.read(MemorySource(bytes)) }
    }

    /// The bytes that `count` sectors of 512 bytes take from sector `start` on.
    static func range(_ start: UInt64, _ count: UInt64) -> Range<UInt64> {
        start * 512..<(start + count) * 512
    }

    mutating func put(_ new: [UInt8], at offset: Int) {
        bytes.replaceSubrange(offset..<offset + new.count, with: new)
    }

    mutating func put<T: FixedWidthInteger>(little value: T, at offset: Int) {
        for index in 0..<T.bitWidth / 8 {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> T(8 * index))
        }
    }

    func little(at offset: Int, count: Int) -> Int {
        bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}

// MBR and extended boot records.
extension PartitionDisk {
    struct Entry {
        var type: UInt8
        var start: UInt32
        var count: UInt32
        var status: UInt8 = 0
    }

    /// The boot record in `sector`: its signature, and its entries from the first on.
    mutating func putRecord(sector: Int, _ entries: [Entry]) {
        put([0x55, 0xAA], at: sector * 512 + 510)
        for (index, entry) in entries.enumerated() {
            let offset = sector * 512 + 446 + 16 * index
            put([entry.status, 0xFE, 0xFF, 0xFF, entry.type, 0xFE, 0xFF, 0xFF], at: offset)
            put(little: entry.start, at: offset + 8)
            put(little: entry.count, at: offset + 12)
        }
    }

    /// A disk of `sectors` sectors with an MBR.
    static func mbr(sectors: Int = 2000, _ entries: Entry...) -> PartitionDisk {
        var disk = PartitionDisk(size: sectors * 512)
        disk.putRecord(sector: 0, entries)
        return disk
    }

    /// A disk with one primary partition, and an extended one from 100 to 1099 with `records`, each with its sector.
    static func extended(type: UInt8 = 5, _ records: [(Int, [Entry])]) -> PartitionDisk {
        var disk = mbr(Entry(type: 0x83, start: 10, count: 20), Entry(type: type, start: 100, count: 1000))
        for (sector, entries) in records { disk.putRecord(sector: sector, entries) }
        return disk
    }
}

// Disklabels and Apple partition maps.
extension PartitionDisk {
    /// An entry of a disklabel: offset and size in sectors, and the type.
    typealias LabelEntry = (offset: UInt32, size: UInt32, type: UInt8)

    /// A block of an Apple partition map: start and length in blocks, name and type.
    typealias MapEntry = (start: UInt32, count: UInt32, name: String, type: String)

    /// Puts a disklabel with `entries` at `offset` in the partition that begins at `sector`.
    mutating func putLabel(sector: Int, _ entries: [LabelEntry], count: UInt16? = nil, offset: Int = 512) {
        let label = sector * 512 + offset
        put(little: UInt32(0x8256_4557), at: label)
        put(little: UInt32(0x8256_4557), at: label + 132)
        put(little: count ?? UInt16(entries.count), at: label + 138)
        for (index, entry) in entries.enumerated() {
            put(little: entry.size, at: label + 148 + 16 * index)
            put(little: entry.offset, at: label + 152 + 16 * index)
            put([entry.type, 8], at: label + 160 + 16 * index)
        }
    }

    /// A disk of `sectors` sectors of 512 bytes, with an Apple partition map of blocks of `blockSize` bytes.
    static func apple(
        sectors: Int = 8000, blockSize: Int = 512, signature: String = "PM", count: UInt32? = nil,
        _ entries: [MapEntry]
    ) -> PartitionDisk {
        var disk = PartitionDisk(size: sectors * 512)
        disk.put(Array("ER".utf8), at: 0)
        disk.put(little: UInt16(blockSize).byteSwapped, at: 2)
        for (number, entry) in zip(1..., entries) {
            let block = number * blockSize
            disk.put(Array(signature.utf8), at: block)
            disk.put(little: (count ?? UInt32(entries.count)).byteSwapped, at: block + 4)
            disk.put(little: entry.start.byteSwapped, at: block + 8)
            disk.put(little: entry.count.byteSwapped, at: block + 12)
            disk.put(Array(entry.name.utf8), at: block + 16)
            disk.put(Array(entry.type.utf8), at: block + 48)
        }
        return disk
    }

    /// The rows that `partx -o NR,START,SECTORS,TYPE --show` prints for a table, a line for each partition.
    static func rows(_ table: PartitionTable) -> [String] {
        table.partitions.map {
            let sectors = ($0.range.upperBound - $0.range.lowerBound) / 512
            return "\($0.number) \($0.range.lowerBound / 512) \(sectors) \($0.type)"
        }
    }
}

// GPT.
extension PartitionDisk {
    struct GPTEntry {
        var number: Int
        var type = PartitionDisk.linux
        var first: UInt64
        var last: UInt64
        var name: [UInt16] = []
    }

    /// A disk of `sectors` sectors with a protective MBR and both copies of a GPT.
    static func gpt(
        sectors: Int = 2000, sectorSize: Int = 512, count: Int = 128, entrySize: Int = 128,
        _ entries: GPTEntry...
    ) -> PartitionDisk {
        var disk = PartitionDisk(size: sectors * sectorSize)
        disk.putRecord(sector: 0, [Entry(type: 0xEE, start: 1, count: UInt32(sectors - 1))])
        let last = sectors - 1
        let arraySectors = (count * entrySize + sectorSize - 1) / sectorSize
        for (own, other, array) in [(1, last, 2), (last, 1, last - arraySectors)] {
            for entry in entries {
                disk.put(entry, at: array * sectorSize + (entry.number - 1) * entrySize)
            }
            let header = own * sectorSize
            disk.put(Array("EFI PART".utf8), at: header)
            disk.put(little: UInt32(0x10000), at: header + 8)
            disk.put(little: UInt32(92), at: header + 12)
            disk.put(little: UInt64(own), at: header + 24)
            disk.put(little: UInt64(other), at: header + 32)
            disk.put(little: UInt64(2 + arraySectors), at: header + 40)
            disk.put(little: UInt64(last - 1 - arraySectors), at: header + 48)
            disk.put(little: UInt64(array), at: header + 72)
            disk.put(little: UInt32(count), at: header + 80)
            disk.put(little: UInt32(entrySize), at: header + 84)
            disk.putCRCs(header: header, sectorSize: sectorSize)
        }
        return disk
    }

    mutating func put(_ entry: GPTEntry, at offset: Int) {
        put(Self.guid(entry.type), at: offset)
        put([UInt8](repeating: 0x11, count: 16), at: offset + 16)
        put(little: entry.first, at: offset + 32)
        put(little: entry.last, at: offset + 40)
        for (index, unit) in entry.name.enumerated() { put(little: unit, at: offset + 56 + 2 * index) }
    }

    /// Corrects the CRCs of the header at `header`, that of the array only if the array is there.
    mutating func putCRCs(header: Int, sectorSize: Int = 512) {
        let start = little(at: header + 72, count: 8).multipliedReportingOverflow(by: sectorSize)
        let size = little(at: header + 80, count: 4)
            .multipliedReportingOverflow(by: little(at: header + 84, count: 4))
        if !start.overflow, !size.overflow, 0...bytes.count ~= start.partialValue,
            0...bytes.count - start.partialValue ~= size.partialValue
        {
            let end = start.partialValue + size.partialValue
            put(little: CRC32.of(bytes[start.partialValue..<end]), at: header + 88)
        }
        let headerSize = min(max(little(at: header + 12, count: 4), 92), sectorSize)
        put(little: UInt32(0), at: header + 16)
        put(little: CRC32.of(bytes[header..<header + headerSize]), at: header + 16)
    }

    /// Changes an integer of the header at `header`, and corrects its CRCs.
    mutating func change<T: FixedWidthInteger>(header: Int, _ offset: Int, to value: T) {
        put(little: value, at: header + offset)
        putCRCs(header: header)
    }

    /// The stored form of a GUID.
    static func guid(_ text: String) -> [UInt8] {
        let groups = text.split(separator: "-").map { group in
            stride(from: 0, to: group.count, by: 2).compactMap { index in
                UInt8(group.dropFirst(index).prefix(2), radix: 16)
            }
        }
        return groups[..<3].flatMap { $0.reversed() } + groups[3...].joined()
    }
}

/// A disk with some sectors of 512 bytes that cannot be read.
final class PartitionFailingSource: Source {
    private let content: MemorySource
    private let failing: Set<UInt64>

    var size: UInt64 { content.size }

    init(_ disk: PartitionDisk, failing: Set<UInt64>) {
        content = MemorySource(disk.bytes)
        self.failing = failing
    }

    func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        let last = (offset + UInt64(buffer.count) - 1) / 512
        if let sector = (offset / 512...last).first(where: failing.contains) {
            throw ImageError(.io, "sector \(sector) is bad")
        }
        try content.fill(&buffer, at: offset)
    }
}
