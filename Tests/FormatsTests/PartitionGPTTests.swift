import Testing

@testable import VitrineFormats

@Suite struct PartitionGPTTests {
    typealias Entry = PartitionDisk.GPTEntry

    /// A disk with two partitions, the second not in the second place.
    static let sound = PartitionDisk.gpt(
        Entry(number: 1, type: PartitionDisk.efi, first: 40, last: 99, name: Array("EFI system".utf16)),
        Entry(number: 5, first: 100, last: 100, name: Array("Grüße 🐧".utf16)))

    static let partitions = [
        Partition(
            number: 1, range: PartitionDisk.range(40, 60), type: PartitionDisk.efi, typeName: "EFI System",
            name: "EFI system", uuid: unique),
        Partition(
            number: 5, range: PartitionDisk.range(100, 1), type: PartitionDisk.linux,
            typeName: "Linux filesystem",
            name: "Grüße 🐧", uuid: unique),
    ]

    /// The identifier that `PartitionDisk` gives each entry.
    private static let unique = "11111111-1111-1111-1111-111111111111"

    static let backup = 1999 * 512

    @Test func readsPartitions() throws {
        let table = try #require(try Self.sound.table)
        #expect(table.scheme == .gpt)
        #expect(table.sectorSize == 512)
        #expect(table.partitions == Self.partitions)
        #expect(table.warnings == [])
    }

    @Test(arguments: [512, 1024, 2048, 4096])
    func findsSectorSize(_ size: Int) throws {
        var disk = PartitionDisk.gpt(sectors: 500, sectorSize: size, Entry(number: 3, first: 50, last: 59))
        let expected = UInt64(size) * 50..<UInt64(size) * 60
        var table = try #require(try disk.table)
        #expect(table.sectorSize == UInt64(size))
        #expect(table.partitions.map(\.range) == [expected])
        #expect(table.warnings == [])

        disk.put([0], at: size)
        table = try #require(try disk.table)
        #expect(table.sectorSize == UInt64(size))
        #expect(table.partitions.map(\.range) == [expected])
        #expect(
            table.warnings == [
                "the primary GPT cannot be used: there is no header",
                "the backup GPT, at the end of the disk, is used instead",
            ])
    }

    @Test(arguments: [(4, 128), (128, 256), (16, 1024), (1, 4096), (8192, 128)])
    func readsEntryArrays(_ count: Int, _ entrySize: Int) throws {
        let disk = PartitionDisk.gpt(
            sectors: 6000, count: count, entrySize: entrySize,
            Entry(number: count, first: 3000, last: 3009, name: Array("last".utf16)))
        let table = try #require(try disk.table)
        #expect(table.partitions.map(\.number) == [count])
        #expect(table.partitions.map(\.name) == ["last"])
        #expect(table.warnings == [])
    }

    @Test func readsLongHeaders() throws {
        var disk = Self.sound
        disk.change(header: 512, 12, to: UInt32(512))
        let table = try #require(try disk.table)
        #expect(table.partitions == Self.partitions)
        #expect(table.warnings == [])
    }

    /// A change to a header, and the reason why the header cannot be used then.
    struct Damage: Sendable, CustomTestStringConvertible {
        var offset: Int
        var value: [UInt8]
        var fixesCRC = true
        var reason: String
        var testDescription: String { reason }
    }

    static let damages = [
        Damage(offset: 7, value: [0], reason: "there is no header"),
        Damage(offset: 8, value: [0, 0, 2, 0], reason: "Revision at 520 is 0x20000, expected 0x10000"),
        Damage(offset: 12, value: [91, 0, 0, 0], reason: "HeaderSize at 524 is 91, expected 92 to 512"),
        Damage(offset: 12, value: [1, 2, 0, 0], reason: "HeaderSize at 524 is 513, expected 92 to 512"),
        Damage(
            offset: 12, value: [255, 255, 255, 255],
            reason: "HeaderSize at 524 is 4294967295, expected 92 to 512"),
        Damage(
            offset: 16, value: [0, 0, 0, 0], fixesCRC: false,
            reason: "HeaderCRC32 at 528 is 0x0, expected 0xCRC"),
        Damage(offset: 24, value: [7], reason: "MyLBA at 536 is 7, expected 1"),
        Damage(
            offset: 72, value: [255, 255, 255, 255, 255, 255, 255, 255],
            reason: "PartitionEntryLBA at 584 is 18446744073709551615, "
                + "expected less than the 2000 sectors of the disk"),
        Damage(
            offset: 72, value: [208, 7],
            reason: "PartitionEntryLBA at 584 is 2000, expected less than the 2000 sectors of the disk"),
        Damage(
            offset: 72, value: [207, 7],
            reason: "partition entry array at 1023488 takes 16384 bytes, but the end is at 1024000"),
        Damage(
            offset: 80, value: [0, 0, 0, 0],
            reason: "NumberOfPartitionEntries at 592 is 0, expected 1 to 8192"),
        Damage(
            offset: 80, value: [1, 32, 0, 0],
            reason: "NumberOfPartitionEntries at 592 is 8193, expected 1 to 8192"),
        Damage(
            offset: 80, value: [255, 255, 255, 255],
            reason: "NumberOfPartitionEntries at 592 is 4294967295, expected 1 to 8192"),
        Damage(
            offset: 84, value: [0, 0, 0, 0],
            reason: "SizeOfPartitionEntry at 596 is 0, expected 128 times a power of two"),
        Damage(
            offset: 84, value: [64, 0, 0, 0],
            reason: "SizeOfPartitionEntry at 596 is 64, expected 128 times a power of two"),
        Damage(
            offset: 84, value: [128, 1, 0, 0],
            reason: "SizeOfPartitionEntry at 596 is 384, expected 128 times a power of two"),
        Damage(
            offset: 84, value: [0, 0, 32, 0],
            reason: "NumberOfPartitionEntries at 592 is 128, expected 1 to 0"),
        Damage(
            offset: 512 + 32, value: [41], fixesCRC: false,
            reason: "PartitionEntryArrayCRC32 at 600 is 0xCRC, expected 0xCRC"),
    ]

    /// Removes the values of CRCs from a text: tests check only that they are there.
    static func withoutCRCs(_ text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: false).map { word in
            word.hasPrefix("0x") && word.count > 7 && !word.hasPrefix("0x10000") && !word.hasPrefix("0x20000")
                ? word.hasSuffix(",") ? "0xCRC," : "0xCRC" : String(word)
        }.joined(separator: " ")
    }

    @Test(arguments: damages)
    func fallsBackToBackup(_ damage: Damage) throws {
        var disk = Self.sound
        disk.put(damage.value, at: 512 + damage.offset)
        if damage.fixesCRC { disk.putCRCs(header: 512) }
        let table = try #require(try disk.table)
        #expect(table.scheme == .gpt)
        #expect(table.partitions == Self.partitions)
        #expect(
            table.warnings.map(Self.withoutCRCs) == [
                "the primary GPT cannot be used: \(damage.reason)",
                "the backup GPT, at the end of the disk, is used instead",
            ])
    }

    @Test func namesStoredAndComputedCRC() throws {
        var disk = Self.sound
        disk.put(little: UInt32(0x1234), at: 512 + 16)
        var sound = Self.sound
        sound.put(little: UInt32(0), at: 512 + 16)
        let crc = CRC32.of(sound.bytes[512..<512 + 92])
        #expect(
            try #require(try disk.table).warnings[0]
                == "the primary GPT cannot be used: HeaderCRC32 at 528 is 0x1234, "
                + "expected 0x\(String(crc, radix: 16))")
    }

    @Test func bothCopiesBad() throws {
        var disk = Self.sound
        disk.put([0], at: 512)
        disk.change(header: Self.backup, 24, to: UInt64(1))
        let table = try #require(try disk.table)
        #expect(table.scheme == .gpt)
        #expect(table.partitions == [])
        #expect(
            table.warnings == [
                "the primary GPT cannot be used: there is no header",
                "the backup GPT cannot be used: MyLBA at 1023512 is 1, expected 1999",
            ])
    }

    @Test func protectiveOnlyOnTinyDisk() throws {
        var disk = PartitionDisk(size: 513)
        disk.putRecord(sector: 0, [.init(type: 0xEE, start: 1, count: 1)])
        let table = try #require(try disk.table)
        #expect(table.partitions == [])
        #expect(
            table.warnings == [
                "the primary GPT cannot be used: there is no header",
                "the backup GPT cannot be used: there is no header",
            ])
    }

    @Test func backupIsNotReadWithoutNeed() throws {
        let source = PartitionFailingSource(Self.sound, failing: Set(200..<2000))
        let table = try #require(try PartitionTable.read(source))
        #expect(table.partitions == Self.partitions)
        #expect(table.warnings == [])
    }

    @Test func unreadableCopies() throws {
        var table = try #require(
            try PartitionTable.read(PartitionFailingSource(Self.sound, failing: [5])))
        #expect(table.partitions == Self.partitions)
        #expect(
            table.warnings == [
                "the primary GPT cannot be used: sector 5 is bad",
                "the backup GPT, at the end of the disk, is used instead",
            ])
        table = try #require(
            try PartitionTable.read(PartitionFailingSource(Self.sound, failing: [1, 8, 1999])))
        #expect(table.partitions == [])
        #expect(
            table.warnings == [
                "the primary GPT cannot be used: sector 1 is bad",
                "the backup GPT cannot be used: sector 1999 is bad",
            ])
    }

    @Test func noProtectiveMBR() throws {
        var disk = Self.sound
        disk.put([UInt8](repeating: 0, count: 512), at: 0)
        #expect(try disk.table == nil)
    }

    @Test func otherMBRWins() throws {
        var disk = Self.sound
        disk.putRecord(sector: 0, [.init(type: 0x83, start: 64, count: 100)])
        let table = try #require(try disk.table)
        #expect(table.scheme == .mbr)
        #expect(table.partitions.map(\.range) == [PartitionDisk.range(64, 100)])
    }

    @Test func protectiveEntryAnywhere() throws {
        var disk = Self.sound
        let protective = PartitionDisk.Entry(type: 0xEE, start: 1, count: 9, status: 0x7F)
        disk.putRecord(sector: 0, [.init(type: 0, start: 0, count: 0), protective])
        #expect(try #require(try disk.table).partitions == Self.partitions)
    }

    @Test func hybridMBR() throws {
        var disk = Self.sound
        let hybrid: [PartitionDisk.Entry] = [
            .init(type: 0xEF, start: 40, count: 60, status: 0x80), .init(type: 0xEE, start: 1, count: 39),
        ]
        disk.putRecord(sector: 0, hybrid)
        #expect(try #require(try disk.table).scheme == .gpt)
        #expect(try #require(try disk.table).partitions == Self.partitions)

        disk.put([0], at: 512)
        disk.put([0], at: Self.backup)
        let table = try #require(try disk.table)
        #expect(table.scheme == .mbr)
        #expect(
            table.partitions == [
                Partition(
                    number: 1, range: PartitionDisk.range(40, 60), type: "0xef",
                    typeName: "EFI (FAT-12/16/32)",
                    name: "")
            ])
        #expect(
            table.warnings == [
                "the primary GPT cannot be used: there is no header",
                "the backup GPT cannot be used: there is no header",
                "the MBR is used instead of the GPT",
            ])
    }

    /// Of a hybrid MBR, the GPT has each partition too. An entry of type 0 is there for some BIOSes, and says nothing.
    @Test func hybridMBRWithMore() throws {
        var disk = Self.sound
        disk.putRecord(
            sector: 0,
            [
                .init(type: 0xEE, start: 1, count: 39), .init(type: 0x83, start: 300, count: 20),
                .init(type: 0, start: 0, count: 1, status: 0x80), .init(type: 0x83, start: 100, count: 1),
            ])
        let table = try #require(try disk.table)
        #expect(table.partitions == Self.partitions)
        #expect(
            table.warnings == [
                "the MBR beside the GPT has a partition of type 0x83 from sector 300 to 319, which the GPT has not: "
                    + "it is left out"
            ])
    }

    @Test func sectorSizeThatIsChosen() throws {
        let source = MemorySource(PartitionDisk.gpt(sectors: 500, sectorSize: 4096).bytes)
        #expect(try PartitionTable.read(source, sectorSize: 4096)?.warnings == [])
        let other = try #require(try PartitionTable.read(source, sectorSize: 512))
        #expect(other.warnings.count == 2)
        #expect(other.partitions.isEmpty)
    }

    @Test func attributes() throws {
        var disk = Self.sound
        disk.put(little: UInt64(1) << 63 | 4, at: 1024 + 48)
        disk.putCRCs(header: 512)
        #expect(try #require(try disk.table).partitions.map(\.attributes) == [1 << 63 | 4, 0])
    }

    @Test func imageCutShort() throws {
        var disk = Self.sound
        disk.bytes.removeLast(512)
        let table = try #require(try disk.table)
        #expect(table.partitions == Self.partitions)
        #expect(
            table.warnings == [
                "the backup GPT should be in sector 1999, but the disk has 1999 sectors of 512 bytes: "
                    + "the image may be cut short"
            ])
    }

    @Test func imageGrown() throws {
        var disk = Self.sound
        disk.bytes += [UInt8](repeating: 0, count: 5000)
        let table = try #require(try disk.table)
        #expect(table.partitions == Self.partitions)
        #expect(table.warnings == [])
    }

    @Test func entriesThatDoNotFit() throws {
        let disk = PartitionDisk.gpt(
            Entry(number: 1, first: 100, last: 99),
            Entry(number: 2, first: 1900, last: 1999),
            Entry(number: 3, first: 1990, last: 2000),
            Entry(number: 4, first: 2000, last: 2000),
            Entry(number: 5, first: 1 << 55, last: 1 << 55 + 7),
            Entry(number: 6, first: 0, last: .max),
            Entry(number: 7, first: .max, last: .max))
        let table = try #require(try disk.table)
        #expect(table.partitions.map(\.number) == [2, 3, 6])
        let ranges = [(1900, 100), (1990, 10), (0, 2000)].map { PartitionDisk.range($0.0, $0.1) }
        #expect(table.partitions.map(\.range) == ranges)
        #expect(
            table.warnings == [
                "partition 1 begins at sector 100 and ends at 99: it is left out",
                "partition 3 takes sectors 1990 to 2000 of 512 bytes, but the disk has 1024000 bytes: "
                    + "it is cut off there",
                "partition 4 takes sectors 2000 to 2000 of 512 bytes, but the disk has 1024000 bytes: "
                    + "it is left out",
                "partition 5 takes sectors 36028797018963968 to 36028797018963975 of 512 bytes, "
                    + "but the disk has 1024000 bytes: it is left out",
                "partition 6 takes sectors 0 to 18446744073709551615 of 512 bytes, "
                    + "but the disk has 1024000 bytes: it is cut off there",
                "partition 7 takes sectors 18446744073709551615 to 18446744073709551615 of 512 bytes, "
                    + "but the disk has 1024000 bytes: it is left out",
                "partitions 2 and 6 overlap",
                "partitions 3 and 6 overlap",
            ])
    }

    @Test func warningsAreBounded() throws {
        var disk = PartitionDisk.gpt()
        for number in 1...128 {
            disk.put(Entry(number: number, first: 3000, last: 3000), at: 1024 + 128 * (number - 1))
        }
        disk.putCRCs(header: 512)
        let table = try #require(try disk.table)
        #expect(table.partitions == [])
        #expect(table.warnings.count == 21)
        #expect(table.warnings.last == "108 more warnings are left out")
    }

    @Test(arguments: [
        ([0x61, 0, 0x62], "a"), ([0xD800, 0x78], "\u{FFFD}x"), ([0xDC00], "\u{FFFD}"),
        (Array(repeating: 0x6E, count: 36), String(repeating: "n", count: 36)), ([0x09, 0x7E], "\t~"),
    ])
    func decodesNames(_ units: [UInt16], _ name: String) throws {
        let disk = PartitionDisk.gpt(Entry(number: 1, first: 50, last: 50, name: units))
        #expect(try #require(try disk.table).partitions.map(\.name) == [name])
    }

    @Test func unknownType() throws {
        let type = "01234567-89AB-CDEF-0123-456789ABCDEF"
        let disk = PartitionDisk.gpt(Entry(number: 1, type: type, first: 50, last: 50))
        let partition = try #require(try disk.table?.partitions.first)
        #expect(partition.type == type)
        #expect(partition.typeName == nil)
    }

    @Test(arguments: [
        ("21686148-6449-6E6F-744E-656564454649", "BIOS boot"),
        ("4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", "Linux root (x86-64)"),
        ("CA7D7CCB-63ED-4C53-861C-1742536059CC", "Linux LUKS"),
        ("BC13C2FF-59E6-4262-A352-B275FD6F7172", "Linux extended boot"),
        ("773F91EF-66D4-49B5-BD83-D683BF40AD16", "Linux user's home"),
        ("E3C9E316-0B5C-4DB8-817D-F92DF00215AE", "Microsoft reserved"),
        ("516E7CBA-6ECF-11D6-8FF8-00022D09712B", "FreeBSD ZFS"),
        ("7C3457EF-0000-11AA-AA11-00306543ECAC", "Apple APFS"),
        ("9E1A2D38-C612-4316-AA26-8B49521E5A8B", "PowerPC PReP boot"),
        ("5DFBF5F4-2848-4BAC-AA5E-0D9A20B745A6", "CoreOS /usr"),
    ])
    func namesTypes(_ type: String, _ name: String) {
        #expect(GPTTypes.names[type] == name)
    }

    @Test func typesAreWellFormed() {
        for (type, name) in GPTTypes.names {
            #expect(type == type.uppercased())
            #expect(type.split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
            #expect(!name.isEmpty)
        }
    }
}
