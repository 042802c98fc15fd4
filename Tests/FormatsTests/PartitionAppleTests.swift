import Testing

@testable import VitrineFormats

/// Apple partition maps. The rows are those of partx (util-linux 2.38.1) for the same disks, except that partx also
/// shows partitions of no size.
@Suite struct PartitionAppleTests {
    static let entries: [PartitionDisk.MapEntry] = [
        (1, 63, "Apple", "Apple_partition_map"), (64, 1000, "disk image", "Apple_HFS"),
        (1100, 0, "none", "Apple_Void"), (1200, 100, "", "Apple_Free"),
    ]

    static let rows = ["1 1 63 Apple_partition_map", "2 64 1000 Apple_HFS", "4 1200 100 Apple_Free"]

    @Test(arguments: ["PM", "TS"])
    func readsAll(_ signature: String) throws {
        let table = try #require(try PartitionDisk.apple(signature: signature, Self.entries).table)
        #expect(table.scheme == .apm)
        #expect(table.sectorSize == 512)
        #expect(table.warnings == [])
        #expect(PartitionDisk.rows(table) == Self.rows)
        #expect(table.partitions.map(\.name) == ["Apple", "disk image", ""])
    }

    @Test(arguments: [
        (1024, ["1 2 126 Apple_partition_map", "2 128 2000 Apple_HFS", "4 2400 200 Apple_Free"]),
        (2048, ["1 4 252 Apple_partition_map", "2 256 4000 Apple_HFS", "4 4800 400 Apple_Free"]),
    ])
    func largerBlocks(_ size: Int, _ rows: [String]) throws {
        let table = try #require(try PartitionDisk.apple(blockSize: size, Self.entries).table)
        #expect(table.sectorSize == UInt64(size))
        #expect(PartitionDisk.rows(table) == rows)
    }

    @Test func entriesThatDoNotFit() throws {
        let disk = PartitionDisk.apple([
            Self.entries[0], (7000, 5000, "x", "Apple_UNIX_SVR2"),
            (.max, .max, String(repeating: "a", count: 32), String(repeating: "b", count: 32)),
        ])
        let table = try #require(try disk.table)
        #expect(PartitionDisk.rows(table) == ["1 1 63 Apple_partition_map", "2 7000 1000 Apple_UNIX_SVR2"])
        #expect(
            table.warnings == [
                "partition 2 takes sectors 7000 to 11999 of 512 bytes, but the disk has 4096000 bytes: "
                    + "it is cut off there",
                "partition 3 takes sectors 4294967295 to 8589934589 of 512 bytes, but the disk has 4096000 bytes: "
                    + "it is left out",
            ])
    }

    /// Partitions before the damage are listed, as in the kernel. partx lists none.
    @Test func mapThatEndsEarly() throws {
        let table = try #require(try PartitionDisk.apple(count: 9, Self.entries).table)
        #expect(PartitionDisk.rows(table) == Self.rows)
        #expect(
            table.warnings == [
                "entry at block 5: no signature PM; partitions from 5 on, of 9, are left out"
            ])
    }

    @Test func moreEntriesThanAreLookedAt() throws {
        let many = Array(repeating: Self.entries[3], count: 300)
        let table = try #require(try PartitionDisk.apple(count: .max, many).table)
        #expect(table.partitions.map(\.number) == Array(1...256))
        #expect(
            table.warnings.first
                == "the map has 4294967295 entries; vitrine reads only the first 256")
    }

    @Test(arguments: [0, 4, 511, 768, 65535])
    func blockSizesThatNoDiskHas(_ size: Int) throws {
        var disk = PartitionDisk.apple(Self.entries)
        disk.put(little: UInt16(size).byteSwapped, at: 2)
        #expect(try disk.table == nil)
    }

    @Test func driverRecordAloneIsNoMap() throws {
        #expect(try PartitionDisk.apple([]).table == nil)
        #expect(try PartitionDisk.apple(sectors: 2, blockSize: 1024, []).table == nil)
    }

    /// Hybrid discs have both. The one that a PC boots from comes first, as with libblkid.
    @Test func masterBootRecordComesFirst() throws {
        var disk = PartitionDisk.apple(Self.entries)
        disk.putRecord(sector: 0, [.init(type: 0x83, start: 100, count: 200)])
        #expect(try #require(try disk.table).scheme == .mbr)
    }

    @Test func unreadableEntry() throws {
        let source = PartitionFailingSource(.apple(Self.entries), failing: [2])
        let table = try #require(try PartitionTable.read(source))
        #expect(PartitionDisk.rows(table) == Array(Self.rows[..<1]))
        #expect(
            table.warnings == [
                "entry at block 2: sector 2 is bad; partitions from 2 on, of 4, are left out"
            ])
    }
}

/// Labels that are not read: the error says that they are there.
@Suite struct PartitionUnreadLabelTests {
    @Test func sun() throws {
        var disk = PartitionDisk(size: 4096)
        disk.put([0xDA, 0xBE, 0xDA, 0xBE], at: 508)
        let expected = ImageError(
            .unsupported,
            "the disk has a Sun disk label, which vitrine does not read: its partitions are not listed")
        #expect(throws: expected) { try disk.table }
        disk.put([1], at: 0)
        #expect(try disk.table == nil)
    }

    @Test func sgi() throws {
        var disk = PartitionDisk(size: 4096)
        disk.put([0x0B, 0xE5, 0xA9, 0x41], at: 0)
        #expect(try disk.table == nil)
        disk.put(little: (0 &- UInt32(0x0BE5_A941)).byteSwapped, at: 504)
        let expected = ImageError(
            .unsupported,
            "the disk has an SGI volume header, which vitrine does not read: its partitions are not listed")
        #expect(throws: expected) { try disk.table }
    }
}
