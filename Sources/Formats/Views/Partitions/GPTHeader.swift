/// The header of a GUID partition table. A disk has two: one in its second sector, and one in its last.
///
/// Source: UEFI specification 2.10, section 5.3.2. Errors use its field names. Integers are little-endian.
struct GPTHeader {
    /// The size of the largest entry array that is read, in bytes: 64 times the usual size.
    static let maximumEntriesSize: UInt64 = 1 << 20

    /// The bytes that a header starts with.
    static let signature = Array("EFI PART".utf8)

    /// The sector of the other header, counted from the start of the disk.
    let alternateLBA: UInt64

    /// The sector at which the entry array starts, counted from the start of the disk.
    let entriesLBA: UInt64

    /// The length of the entry array in entries.
    let entryCount: Int

    /// The size of an entry, in bytes: 128, 256, 512 and so on.
    let entrySize: Int

    private let fields: Fields

    /// Reads the header in `fields`, which is all of sector `lba` of the disk. Nil if there is none.
    init?(_ fields: Fields, at lba: UInt64) throws(ImageError) {
        guard fields.bytes.starts(with: Self.signature) else { return nil }
        let size: UInt32 = try fields.little("HeaderSize", at: 12)
        guard size >= 92, Int(size) <= fields.bytes.count else {
            throw Self.wrong("HeaderSize", fields.position(12), "\(size)", "92 to \(fields.bytes.count)")
        }
        // The CRC is checked first, so that a damaged header is not mistaken for an odd one.
        let stored: UInt32 = try fields.little("HeaderCRC32", at: 16)
        var bytes = Array(fields.bytes[..<Int(size)])
        for index in 16..<20 { bytes[index] = 0 }
        let computed = CRC32.of(bytes)
        guard stored == computed else {
            throw Self.wrong("HeaderCRC32", fields.position(16), hex(stored), hex(computed))
        }
        let revision: UInt32 = try fields.little("Revision", at: 8)
        guard revision >> 16 == 1 else {
            throw Self.wrong("Revision", fields.position(8), hex(revision), hex(UInt32(0x10000)))
        }
        let ownLBA: UInt64 = try fields.little("MyLBA", at: 24)
        guard ownLBA == lba else { throw Self.wrong("MyLBA", fields.position(24), "\(ownLBA)", "\(lba)") }

        alternateLBA = try fields.little("AlternateLBA", at: 32)
        entriesLBA = try fields.little("PartitionEntryLBA", at: 72)
        let count: UInt32 = try fields.little("NumberOfPartitionEntries", at: 80)
        let entrySize: UInt32 = try fields.little("SizeOfPartitionEntry", at: 84)
        guard entrySize >= 128, entrySize.nonzeroBitCount == 1 else {
            throw Self.wrong(
                "SizeOfPartitionEntry", fields.position(84), "\(entrySize)", "128 times a power of two")
        }
        let maximumCount = Self.maximumEntriesSize / UInt64(entrySize)
        guard count >= 1, UInt64(count) <= maximumCount else {
            throw Self.wrong(
                "NumberOfPartitionEntries", fields.position(80), "\(count)", "1 to \(maximumCount)")
        }
        entryCount = Int(count)
        self.entrySize = Int(entrySize)
        self.fields = fields
    }

    /// Reads the entry array from `disk` and checks it.
    func entries(on disk: any Source, sectorSize: UInt64) throws(ImageError) -> Fields {
        guard entriesLBA < disk.size / sectorSize else {
            throw Self.wrong(
                "PartitionEntryLBA", fields.position(72), "\(entriesLBA)",
                "less than the \(disk.size / sectorSize) sectors of the disk")
        }
        let array = try Fields(
            "partition entry array", of: disk, at: entriesLBA * sectorSize, count: entryCount * entrySize)
        let stored: UInt32 = try fields.little("PartitionEntryArrayCRC32", at: 88)
        let computed = CRC32.of(array.bytes)
        guard stored == computed else {
            throw Self.wrong("PartitionEntryArrayCRC32", fields.position(88), hex(stored), hex(computed))
        }
        return array
    }

    private static func wrong(
        _ field: StaticString, _ place: UInt64, _ found: String, _ expected: String
    ) -> ImageError {
        ImageError(.corrupt, "\(field) at \(place) is \(found), expected \(expected)")
    }
}
