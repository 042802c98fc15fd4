import Testing

@testable import VitrineFormats

/// Tables inside MBR partitions. The rows are those of partx (util-linux 2.38.1) for the same disks, except that partx
/// also shows partitions of no size, and writes types without leading zeroes.
@Suite struct PartitionNestedTests {
    typealias Entry = PartitionDisk.Entry
    typealias LabelEntry = PartitionDisk.LabelEntry

    /// Entries as OpenBSD writes them: c stands for the whole disk, and i for a partition of another system.
    static let openBSD: [LabelEntry] = [
        (164, 1000, 7), (1164, 500, 1), (0, 8000, 0), (2000, 500, 7), (2600, 0, 7), (2600, 100, 17),
        (40, 60, 8),
    ]

    static func disk(_ entries: Entry...) -> PartitionDisk {
        var disk = PartitionDisk(size: 8000 * 512)
        disk.putRecord(sector: 0, entries)
        return disk
    }

    @Test(arguments: [512, 64, 128])
    func openBSD(_ offset: Int) throws {
        var disk = Self.disk(
            Entry(type: 0x0C, start: 40, count: 60), Entry(type: 0, start: 0, count: 0),
            Entry(type: 0, start: 0, count: 0), Entry(type: 0xA6, start: 100, count: 3000))
        disk.putLabel(sector: 100, Self.openBSD, offset: offset)
        let table = try #require(try disk.table)
        #expect(table.scheme == .mbr)
        #expect(
            PartitionDisk.rows(table) == [
                "1 40 60 0x0c", "4 100 3000 0xa6", "5 164 1000 0x07", "6 1164 500 0x01", "7 2000 500 0x07",
                "9 2600 100 0x11",
            ])
        #expect(table.partitions.map(\.name) == ["", "", "a", "b", "d", "f"])
        #expect(table.partitions.dropFirst(2).map(\.typeName) == ["4.2BSD", "swap", "4.2BSD", "ext2fs"])
        #expect(table.warnings == [])
    }

    @Test func freeBSDCountsFromItsPartition() throws {
        var disk = Self.disk(Entry(type: 0xA5, start: 100, count: 3000))
        disk.putLabel(
            sector: 100, [(16, 1000, 7), (1016, 500, 1), (0, 3000, 0), (1600, 100, 27), (2990, 20, 7)])
        let table = try #require(try disk.table)
        #expect(
            PartitionDisk.rows(table) == [
                "1 100 3000 0xa5", "5 116 1000 0x07", "6 1116 500 0x01", "7 1700 100 0x1b",
            ])
        #expect(
            table.warnings == [
                "partition 1: e of its disklabel takes sectors 3090 to 3109, which are not inside: it is left out"
            ])
    }

    @Test(arguments: [0, 27] as [UInt8])
    func freeBSDsWholeIsNoPartition(_ type: UInt8) throws {
        var disk = Self.disk(Entry(type: 0xA5, start: 100, count: 3000))
        disk.putLabel(sector: 100, [(16, 1000, 7), (1016, 500, 1), (0, 3000, type)])
        #expect(
            PartitionDisk.rows(try #require(try disk.table)) == [
                "1 100 3000 0xa5", "5 116 1000 0x07", "6 1116 500 0x01",
            ])
    }

    @Test func oldFreeBSDCountsFromTheDisk() throws {
        var disk = Self.disk(Entry(type: 0xA5, start: 100, count: 3000))
        disk.putLabel(
            sector: 100, [(116, 1000, 7), (1116, 500, 1), (100, 3000, 0), (1600, 100, 27), (100, 3000, 7)])
        let table = try #require(try disk.table)
        #expect(
            PartitionDisk.rows(table) == [
                "1 100 3000 0xa5", "5 116 1000 0x07", "6 1116 500 0x01", "7 1600 100 0x1b",
            ])
        #expect(table.warnings == ["partitions 6 and 7 overlap"])
    }

    /// Only FreeBSD's offsets may count from the partition, whatever the system.
    @Test func withoutEntryCOffsetsCountFromTheDisk() throws {
        var disk = Self.disk(Entry(type: 0xA5, start: 100, count: 3000))
        disk.putLabel(sector: 100, [(16, 1000, 7), (1016, 500, 1)])
        #expect(
            PartitionDisk.rows(try #require(try disk.table)) == ["1 100 3000 0xa5", "5 1016 500 0x01"])
    }

    /// Logical partitions come first, then those of each primary in the order of the table.
    @Test func numbersFollowLogicalPartitions() throws {
        var disk = Self.disk(
            Entry(type: 0xA9, start: 100, count: 3000), Entry(type: 5, start: 4000, count: 2000),
            Entry(type: 0xA6, start: 6000, count: 1000), Entry(type: 0x81, start: 7000, count: 500))
        disk.putLabel(
            sector: 100,
            [
                (164, 1000, 7), (1164, 500, 1), (100, 3000, 0), (0, 8000, 0), (1700, 100, 7), (50, 100, 7),
                (3000, 101, 7), (40, 60, 8),
            ])
        disk.putRecord(
            sector: 4000,
            [Entry(type: 0x83, start: 10, count: 500), Entry(type: 5, start: 700, count: 600)])
        disk.putRecord(sector: 4700, [Entry(type: 0x83, start: 10, count: 500)])
        disk.putLabel(sector: 6000, [(6064, 100, 7)])
        disk.putRecord(
            sector: 7000,
            [
                Entry(type: 0x81, start: 7001, count: 100), Entry(type: 0x83, start: 7102, count: 100),
                Entry(type: 0x81, start: 7200, count: 400), Entry(type: 0x81, start: 7200, count: 100),
            ])
        let table = try #require(try disk.table)
        #expect(
            PartitionDisk.rows(table) == [
                "1 100 3000 0xa9", "2 4000 2000 0x05", "3 6000 1000 0xa6", "4 7000 500 0x81",
                "5 4010 500 0x83", "6 4710 500 0x83", "7 164 1000 0x07", "8 1164 500 0x01",
                "9 1700 100 0x07", "10 6064 100 0x07", "11 7001 100 0x81", "12 7200 100 0x81",
            ])
        #expect(
            table.warnings
                == ["f", "g", "h"].enumerated().map { index, letter in
                    let sectors = ["50 to 149", "3000 to 3100", "40 to 99"][index]
                    return "partition 1: \(letter) of its disklabel takes sectors \(sectors), "
                        + "which are not inside: it is left out"
                })
    }

    @Test func moreEntriesThanLinuxLooksAt() throws {
        var disk = Self.disk(Entry(type: 0xA6, start: 100, count: 3000))
        let entries = [(164, 1000, 7)] + (0..<15).map { (UInt32(2000 + 10 * $0), 10, 7) } as [LabelEntry]
        disk.putLabel(sector: 100, entries, count: .max)
        let table = try #require(try disk.table)
        #expect(table.partitions.map(\.number) == [1] + Array(5...20))
        #expect(
            table.warnings == [
                "partition 1: its disklabel has 65535 entries; vitrine reads only the first 16"
            ])
    }

    @Test func noLabelNoPartitions() throws {
        let disk = Self.disk(
            Entry(type: 0xA5, start: 100, count: 1), Entry(type: 0xA6, start: 7999, count: 3000),
            Entry(type: 0xA9, start: 9000, count: .max), Entry(type: 0x81, start: 200, count: 100))
        let table = try #require(try disk.table)
        #expect(table.partitions.map(\.number) == [1, 2, 4])
        #expect(table.warnings.count == 2)
    }

    /// Linux looks for no label in a partition of another type, or in a logical one.
    @Test func otherTypesHaveNoLabel() throws {
        var disk = Self.disk(Entry(type: 0x83, start: 100, count: 3000))
        disk.putLabel(sector: 100, Self.openBSD)
        #expect(try #require(try disk.table).partitions.map(\.number) == [1])
    }

    /// partx fails on the whole table. Here the partition itself is cut off, and the partitions that lie on the disk
    /// are listed.
    @Test func labelOfAPartitionThatIsCutOff() throws {
        var disk = Self.disk(Entry(type: 0xA6, start: 100, count: 9000))
        disk.putLabel(sector: 100, [(164, 1000, 7), (7900, 500, 7), (8500, 100, 7)])
        let table = try #require(try disk.table)
        #expect(
            PartitionDisk.rows(table) == ["1 100 7900 0xa6", "5 164 1000 0x07", "6 7900 100 0x07"])
        #expect(table.warnings.count == 3)
    }

    @Test(arguments: [0xA5, 0x81] as [UInt8])
    func unreadablePartition(_ type: UInt8) throws {
        let source = PartitionFailingSource(
            Self.disk(Entry(type: type, start: 100, count: 3000)), failing: [100])
        let table = try #require(try PartitionTable.read(source))
        #expect(table.partitions.map(\.number) == [1])
        #expect(table.warnings == ["partition 1: sector 100 is bad; the partitions inside are left out"])
    }
}
