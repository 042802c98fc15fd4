/// One of the four entries of a master or extended boot record.
///
/// Layout, integers little-endian (UEFI specification 2.10, section 5.2.1):
///
///      0  status   1   80 for the partition to boot from, else 0
///      1  first    3   cylinder, head, sector; ignored
///      4  type     1
///      5  last     3   cylinder, head, sector; ignored
///      8  start    4   in sectors
///     12  count    4   in sectors
struct MBREntry {
    let status: UInt8
    let type: UInt8

    /// The first sector. Its origin depends on where the entry is.
    let start: UInt32

    /// Its length in sectors.
    let count: UInt32

    /// The four entries of a boot record.
    static func all(in sector: Fields) throws(ImageError) -> [MBREntry] {
        var entries: [MBREntry] = []
        for offset in stride(from: 446, to: 510, by: 16) { entries.append(try MBREntry(sector, at: offset)) }
        return entries
    }

    init(_ sector: Fields, at offset: Int) throws(ImageError) {
        status = try sector.little("status", at: offset)
        type = try sector.little("type", at: offset + 4)
        start = try sector.little("start", at: offset + 8)
        count = try sector.little("count", at: offset + 12)
    }

    /// True if the entry is a partition. The type does not matter, as in Linux: in ISO images that boot as disks, it may be 0.
    var isUsed: Bool { count != 0 }

    /// True if the entry stands for the partitions that a chain of extended boot records lists.
    var isExtended: Bool { type == 0x05 || type == 0x0F || type == 0x85 }

    /// True if the entry says that the disk has a GPT, which starts in the next sector.
    var isProtective: Bool { type == 0xEE && start == 1 }

    /// The type as Linux tools write it.
    var typeText: String { "0x" + hexDigits(type) }

    /// The sectors of the partition, with its start counted from sector `origin`. Nil if the entry is not used.
    ///
    /// `origin` comes from 32-bit numbers as well, so the sum cannot overflow.
    func sectors(from origin: UInt64) -> ClosedRange<UInt64>? {
        guard isUsed else { return nil }
        let first = origin + UInt64(start)
        return first...first + UInt64(count) - 1
    }
}
