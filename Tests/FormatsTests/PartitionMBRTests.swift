import Testing

@testable import VitrineFormats

@Suite struct PartitionMBRTests {
    typealias Entry = PartitionDisk.Entry

    @Test(arguments: [0, 1, 511, 512, 513, 1024, 4096])
    func nothingOnEmptyDisks(_ size: Int) throws {
        #expect(try PartitionDisk(size: size).table == nil)
        var disk = PartitionDisk(size: size)
        disk.bytes = disk.bytes.map { _ in 0xFF }
        #expect(try disk.table == nil)
    }

    @Test func nothingOnOneSector() throws {
        #expect(try PartitionDisk.mbr(sectors: 1, Entry(type: 0x83, start: 0, count: 1)).table == nil)
    }

    @Test func unreadableFirstSector() {
        let source = PartitionFailingSource(.mbr(Entry(type: 0x83, start: 1, count: 1)), failing: [0])
        #expect(throws: ImageError(.io, "sector 0 is bad")) { try PartitionTable.read(source) }
    }

    @Test func readsPrimaries() throws {
        let disk = PartitionDisk.mbr(
            Entry(type: 0x83, start: 63, count: 100, status: 0x80), Entry(type: 0x83, start: 70, count: 0),
            Entry(type: 0, start: 300, count: 10), Entry(type: 0x0C, start: 200, count: 1))
        let table = try #require(try disk.table)
        #expect(table.scheme == .mbr)
        #expect(table.sectorSize == 512)
        #expect(table.warnings == [])
        #expect(
            table.partitions == [
                Partition(
                    number: 1, range: PartitionDisk.range(63, 100), type: "0x83", typeName: "Linux", name: ""),
                // As in Linux, the type does not matter.
                Partition(
                    number: 3, range: PartitionDisk.range(300, 10), type: "0x00", typeName: "Empty", name: ""),
                Partition(
                    number: 4, range: PartitionDisk.range(200, 1), type: "0x0c", typeName: "W95 FAT32 (LBA)",
                    name: ""),
            ])
    }

    /// As blkid has it: the signature of the disk, and the number in hexadecimal.
    @Test func identifiers() throws {
        var disk = PartitionDisk.extended([(100, [Entry(type: 0x83, start: 2, count: 50)])])
        #expect(try #require(try disk.table).partitions.map(\.uuid) == [nil, nil, nil])
        disk.put(little: UInt32(0xC0FF_EE01), at: 440)
        #expect(
            try #require(try disk.table).partitions.map(\.uuid)
                == ["c0ffee01-01", "c0ffee01-02", "c0ffee01-05"])
    }

    /// In an ISO image that boots as a disk, one partition starts with the table, and others lie in it.
    @Test func partitionOfTheWholeDisk() throws {
        let disk = PartitionDisk.mbr(
            Entry(type: 0, start: 0, count: 1900, status: 0x80), Entry(type: 0xEF, start: 300, count: 10))
        let table = try #require(try disk.table)
        #expect(
            table.partitions.map(\.range) == [PartitionDisk.range(0, 1900), PartitionDisk.range(300, 10)])
        #expect(table.warnings == [])
    }

    /// All numbers count such sectors, those of extended boot records too.
    @Test func sectorsOf4096Bytes() throws {
        var disk = PartitionDisk(size: 1000 * 4096)
        disk.putRecord(
            sector: 0, [Entry(type: 0x83, start: 8, count: 10), Entry(type: 5, start: 100, count: 800)])
        disk.putRecord(
            sector: 800, [Entry(type: 0x83, start: 2, count: 50), Entry(type: 5, start: 200, count: 100)])
        disk.putRecord(sector: 2400, [Entry(type: 0x83, start: 1, count: 9)])
        let table = try #require(try PartitionTable.read(MemorySource(disk.bytes), sectorSize: 4096))
        #expect(table.sectorSize == 4096)
        #expect(table.warnings == [])
        #expect(table.partitions.map(\.number) == [1, 2, 5, 6])
        #expect(
            table.partitions.map { $0.range.lowerBound / 4096..<$0.range.upperBound / 4096 }
                == [8..<18, 100..<900, 102..<152, 301..<310])
    }

    @Test func noPartitions() throws {
        let table = try #require(try PartitionDisk.mbr().table)
        #expect(table.scheme == .mbr)
        #expect(table.partitions == [])
        #expect(table.warnings == [])
    }

    @Test(arguments: [0, 1, 2, 3], [0x01, 0x7F, 0x81, 0xFF] as [UInt8])
    func unknownStatusMeansNoTable(_ index: Int, _ status: UInt8) throws {
        var disk = PartitionDisk.mbr(Entry(type: 0x83, start: 63, count: 100))
        disk.put([status], at: 446 + 16 * index)
        #expect(try disk.table == nil)
    }

    @Test(arguments: [510, 511])
    func signatureIsNeeded(_ offset: Int) throws {
        var disk = PartitionDisk.mbr(Entry(type: 0x83, start: 63, count: 100))
        disk.put([0], at: offset)
        #expect(try disk.table == nil)
    }

    @Test func entriesThatDoNotFit() throws {
        let disk = PartitionDisk.mbr(
            Entry(type: 0x83, start: 1990, count: 10), Entry(type: 0x83, start: 1995, count: 6),
            Entry(type: 0x83, start: 2000, count: 1), Entry(type: 0x83, start: .max, count: .max))
        let table = try #require(try disk.table)
        #expect(table.partitions.map(\.number) == [1, 2])
        #expect(
            table.partitions.map(\.range) == [PartitionDisk.range(1990, 10), PartitionDisk.range(1995, 5)])
        #expect(
            table.warnings == [
                "partition 2 takes sectors 1995 to 2000 of 512 bytes, but the disk has 1024000 bytes: "
                    + "it is cut off there",
                "partition 3 takes sectors 2000 to 2000 of 512 bytes, but the disk has 1024000 bytes: "
                    + "it is left out",
                "partition 4 takes sectors 4294967295 to 8589934589 of 512 bytes, "
                    + "but the disk has 1024000 bytes: it is left out",
                "partitions 1 and 2 overlap",
            ])
    }

    @Test func lastSectorIncomplete() throws {
        var disk = PartitionDisk(size: 1025)
        disk.putRecord(
            sector: 0, [Entry(type: 0x83, start: 2, count: 1), Entry(type: 0x83, start: 1, count: 1)])
        let table = try #require(try disk.table)
        #expect(table.partitions.map(\.range) == [1024..<1025, 512..<1024])
        #expect(
            table.warnings == [
                "partition 1 takes sectors 2 to 2 of 512 bytes, but the disk has 1025 bytes: it is cut off there"
            ])
    }

    @Test func typeEEElsewhereIsNotProtective() throws {
        let table = try #require(try PartitionDisk.mbr(Entry(type: 0xEE, start: 2, count: 100)).table)
        #expect(table.scheme == .mbr)
        #expect(table.partitions.map(\.typeName) == ["GPT"])
    }
}

@Suite struct PartitionBootSectorTests {
    typealias Entry = PartitionDisk.Entry

    /// Sets the fields that identify a FAT boot sector.
    static func putFAT(_ disk: inout PartitionDisk) {
        disk.put([0xEB, 0x3C, 0x90] + Array("mkfs.fat".utf8), at: 0)
        disk.put(little: UInt16(512), at: 11)
        disk.put([4, 1, 0, 2], at: 13)
        disk.put([0xF8], at: 21)
    }

    @Test(arguments: ["NTFS    ", "EXFAT   ", "-FVE-FS-", "FAT"])
    func fileSystemsAreNoTables(_ kind: String) throws {
        var disk = PartitionDisk.mbr()
        if kind == "FAT" { Self.putFAT(&disk) } else { disk.put(Array(kind.utf8), at: 3) }
        #expect(try disk.table == nil)

        // Boot code that happens to have zeroes where the status is.
        for index in 0..<4 { disk.put(Array("\0isk error\r\n\0\0\0\0".utf8), at: 446 + 16 * index) }
        #expect(try disk.table == nil)

        // What `mkfs.fat --mbr` writes: one partition that begins with this sector.
        disk.putRecord(sector: 0, Array(repeating: Entry(type: 0, start: 0, count: 0), count: 4))
        disk.putRecord(sector: 0, [Entry(type: 0x0E, start: 0, count: 2000, status: 0x80)])
        #expect(try disk.table == nil)
    }

    @Test func bootLoaderOverOldFileSystem() throws {
        var disk = PartitionDisk.mbr(
            Entry(type: 0x0C, start: 63, count: 100), Entry(type: 0x83, start: 200, count: 5000))
        Self.putFAT(&disk)
        let table = try #require(try disk.table)
        #expect(table.partitions.map(\.number) == [1, 2])
        disk.putRecord(
            sector: 0, [Entry(type: 0x0C, start: 63, count: 100), Entry(type: 1, start: 2000, count: 1)])
        #expect(try disk.table == nil)
    }

    @Test(arguments: [(11, 0), (13, 3), (14, 0), (16, 0), (21, 0x80)])
    func damagedParameterBlockIsNone(_ offset: Int, _ value: UInt8) throws {
        var disk = PartitionDisk.mbr()
        Self.putFAT(&disk)
        disk.put(offset == 11 ? [1, 2] : [value], at: offset)
        #expect(try #require(try disk.table).partitions == [])
    }
}

@Suite struct PartitionExtendedTests {
    typealias Entry = PartitionDisk.Entry

    /// Logical partitions 5, 6 and 7, the second before the others on the disk.
    static let records = [
        (100, [Entry(type: 0x83, start: 2, count: 50), Entry(type: 5, start: 500, count: 100)]),
        (600, [Entry(type: 0x82, start: 1, count: 30), Entry(type: 5, start: 300, count: 100)]),
        (400, [Entry(type: 0x0B, start: 10, count: 90)]),
    ]

    static let ranges = [(10, 20), (100, 1000), (102, 50), (601, 30), (410, 90)].map {
        PartitionDisk.range($0.0, $0.1)
    }

    static func cut(_ disk: PartitionDisk, after count: Int, _ warning: String) throws {
        let table = try #require(try disk.table)
        #expect(table.partitions.map(\.range) == Array(ranges[..<count]))
        #expect(table.warnings == [warning])
    }

    @Test(arguments: [0x05, 0x0F, 0x85] as [UInt8])
    func followsChain(_ type: UInt8) throws {
        let table = try #require(try PartitionDisk.extended(type: type, Self.records).table)
        #expect(table.partitions.map(\.number) == [1, 2, 5, 6, 7])
        #expect(table.partitions.map(\.range) == Self.ranges)
        #expect(table.partitions.map(\.type).suffix(3) == ["0x83", "0x82", "0x0b"])
        #expect(table.partitions.map(\.typeName).suffix(3) == ["Linux", "Linux swap / Solaris", "W95 FAT32"])
        #expect(table.warnings == [])
    }

    @Test func emptyExtended() throws {
        let table = try #require(try PartitionDisk.extended([(100, [])]).table)
        #expect(table.partitions.map(\.number) == [1, 2])
        #expect(table.warnings == [])
    }

    @Test func recordsWithoutPartition() throws {
        let disk = PartitionDisk.extended([
            (100, [Entry(type: 5, start: 200, count: 1)]),
            (300, [Entry(type: 0x83, start: 1, count: 0), Entry(type: 5, start: 300, count: 1)]),
            (400, [Entry(type: 0, start: 0, count: 0), Entry(type: 0x83, start: 1, count: 9)]),
        ])
        let table = try #require(try disk.table)
        #expect(table.partitions.map(\.number) == [1, 2, 5])
        #expect(table.partitions.last?.range == PartitionDisk.range(401, 9))
        #expect(table.warnings == [])
    }

    @Test func lastTwoEntriesMustFit() throws {
        let unused = Entry(type: 0, start: 0, count: 0)
        let outside = Entry(type: 1, start: 1, count: 1000)
        let inside = Entry(type: 0x83, start: 1, count: 999)
        let disk = PartitionDisk.extended([(100, [unused, unused, outside, inside])])
        #expect(try #require(try disk.table).partitions.map(\.number) == [1, 2, 5])
    }

    @Test(arguments: [0, 500, 300] as [UInt32])
    func loop(_ link: UInt32) throws {
        var records = Self.records
        records[2].1.append(Entry(type: 5, start: link, count: 100))
        try Self.cut(
            .extended(records), after: 5,
            "extended partition 2: boot record at sector \(100 + link): linked to twice; "
                + "logical partitions from 8 on are left out")
    }

    @Test(arguments: [1000, 1 << 20, .max] as [UInt32])
    func linkOutside(_ link: UInt32) throws {
        var records = Self.records
        records[1].1[1].start = link
        try Self.cut(
            .extended(records), after: 4,
            "extended partition 2: boot record at sector \(100 + UInt64(link)): "
                + "outside the extended partition; logical partitions from 7 on are left out")
    }

    @Test func noSignature() throws {
        var disk = PartitionDisk.extended(Self.records)
        disk.put([0], at: 600 * 512 + 510)
        try Self.cut(
            disk, after: 3,
            "extended partition 2: boot record at sector 600: no signature 55 aa; "
                + "logical partitions from 6 on are left out")
    }

    @Test func unreadable() throws {
        let source = PartitionFailingSource(.extended(Self.records), failing: [400])
        let table = try #require(try PartitionTable.read(source))
        #expect(table.partitions.map(\.range) == Array(Self.ranges[..<4]))
        #expect(
            table.warnings == [
                "extended partition 2: boot record at sector 400: sector 400 is bad; "
                    + "logical partitions from 7 on are left out"
            ])
    }

    @Test func cutShort() throws {
        var disk = PartitionDisk.extended(Self.records)
        disk.bytes.removeLast(1400 * 512)
        let table = try #require(try disk.table)
        #expect(table.partitions.map(\.number) == [1, 2, 5])
        #expect(table.partitions.map(\.range)[1] == 100 * 512..<600 * 512)
        #expect(
            table.warnings == [
                "partition 2 takes sectors 100 to 1099 of 512 bytes, but the disk has 307200 bytes: "
                    + "it is cut off there",
                "extended partition 2: boot record at sector 600: outside the disk; "
                    + "logical partitions from 6 on are left out",
            ])
    }

    @Test func twoExtendedPartitions() throws {
        var disk = PartitionDisk.mbr(
            Entry(type: 5, start: 500, count: 100), Entry(type: 0x83, start: 10, count: 10),
            Entry(type: 0x0F, start: 100, count: 100))
        disk.putRecord(sector: 500, [Entry(type: 0x83, start: 1, count: 9)])
        disk.putRecord(sector: 100, [Entry(type: 0x83, start: 1, count: 8)])
        let table = try #require(try disk.table)
        #expect(table.partitions.map(\.number) == [1, 2, 3, 5, 6])
        #expect(table.partitions.map(\.range.lowerBound) == [500, 10, 100, 501, 101].map { $0 * 512 })
    }

    @Test func longChain() throws {
        var disk = PartitionDisk.mbr(Entry(type: 5, start: 4, count: 1990))
        for index in 0..<600 {
            let link = Entry(type: 5, start: UInt32(2 * index + 2), count: 2)
            disk.putRecord(sector: 4 + 2 * index, [Entry(type: 0x83, start: 1, count: 1), link])
        }
        let table = try #require(try disk.table)
        #expect(table.partitions.map(\.number) == [1] + Array(5..<517))
        #expect(
            table.warnings == [
                "extended partition 1: boot record at sector 1028: comes after 512 others; "
                    + "logical partitions from 517 on are left out"
            ])
    }
}
