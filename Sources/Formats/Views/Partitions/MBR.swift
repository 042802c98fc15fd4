/// A master boot record: the first sector of a disk, with up to four partitions.
///
/// Layout, integers little-endian (UEFI specification 2.10, section 5.2.1):
///
///       0  boot code    440
///     440  signature      4   of the disk
///     446  entries     4*16   see `MBREntry`
///     510  signature      2   55 aa
///
/// The boot sectors of FAT, NTFS and exFAT end in 55 aa as well, and have boot code in place of entries. The two are
/// told apart as in Linux (block/partitions/msdos.c) and libblkid, which mostly agree.
struct MBR {
    /// The size in bytes of a boot record.
    static let size: UInt64 = 512

    /// The size in bytes of the sectors that its numbers count, unless the user says otherwise. An MBR of a disk with other sectors
    /// looks the same, and nothing in it tells them apart. 512 is right for all but a few.
    static let sectorSize: UInt64 = 512

    /// All four entries, in order.
    let entries: [MBREntry]

    private let sector: Fields

    /// Reads the MBR in the first 512 bytes of a disk. Nil if the signature is missing.
    init?(_ sector: Fields) throws(ImageError) {
        let signature: UInt16 = try sector.little("signature", at: 510)
        guard signature == 0xAA55 else { return nil }
        entries = try MBREntry.all(in: sector)
        self.sector = sector
    }

    /// True if every entry has a status that boot code knows.
    var isSound: Bool { entries.allSatisfy { $0.status == 0 || $0.status == 0x80 } }

    /// True if a GPT follows (UEFI specification 2.10, section 5.2.3). The status is ignored, as in other readers.
    var isProtective: Bool { entries.contains(where: \.isProtective) }

    /// The partitions that a hybrid MBR has beside those of the GPT. Some makers of ISO images put an entry of type 0 there, so that a
    /// BIOS finds one to boot from.
    var hybridEntries: [MBREntry] {
        entries.filter { $0.isUsed && $0.type != 0 && $0.type != 0xEE && $0.start != 0 }
    }

    /// True if this is not an MBR, but the boot sector of a file system that takes all of `disk`, which has sectors of `sectorSize`
    /// bytes.
    func isBootSector(of disk: any Source, sectorSize: UInt64) -> Bool {
        guard isSound else { return true }
        guard looksLikeBootSector else { return false }
        // It may be both: boot loaders keep what a former file system left in the sector. Then, the entries are
        // valid. Text or code read as entries would start at arbitrary sectors. mkfs.fat can write an entry for the
        // file system itself, which starts with this very sector.
        let used = entries.filter(\.isUsed)
        return used.isEmpty
            || used.contains { $0.start == 0 || UInt64($0.start) >= disk.size / sectorSize }
    }

    /// True if there is a BIOS parameter block, which describes a file system.
    private var looksLikeBootSector: Bool {
        let bytes = sector.bytes
        if ["NTFS    ", "EXFAT   ", "-FVE-FS-"].contains(where: { bytes[3..<11].elementsEqual($0.utf8) }) {
            return true
        }
        // The first three checks are Linux's: reserved sectors, number of FATs, media (Microsoft FAT specification,
        // section 3.1).
        let reserved = UInt16(bytes[15]) << 8 | UInt16(bytes[14])
        let sectorSize = UInt16(bytes[12]) << 8 | UInt16(bytes[11])
        return reserved != 0 && bytes[16] != 0 && (bytes[21] == 0xF0 || bytes[21] >= 0xF8)
            && [512, 1024, 2048, 4096].contains(sectorSize) && bytes[13].nonzeroBitCount == 1
    }

    /// The table of its partitions, including logical ones and those of BSD and MINIX. The protective entry is left
    /// out: it is no partition. Numbers count sectors of `sectorSize` bytes.
    func table(
        of disk: any Source, sectorSize: UInt64, _ warnings: [String]
    ) throws(ImageError) -> PartitionTable {
        let signature: UInt32 = try sector.little("signature", at: 440)
        var list = PartitionList(
            diskSize: disk.size, sectorSize: sectorSize, diskSignature: signature == 0 ? nil : signature,
            warnings)
        var extended: [ExtendedPartition] = []
        var nested: [NestedPartitions] = []
        for (number, entry) in zip(1..., entries) where !entry.isProtective {
            guard let sectors = entry.sectors(from: 0) else { continue }
            list.add(
                number, sectors, type: entry.typeText, typeName: MBRTypes.names[entry.type],
                isContainer: entry.isExtended)
            if entry.isExtended { extended.append(ExtendedPartition(number: number, sectors: sectors)) }
            if let parent = NestedPartitions(number: number, type: entry.type, sectors: sectors) {
                nested.append(parent)
            }
        }
        var number = 5
        for partition in extended { partition.read(disk, from: &number, into: &list) }
        for partition in nested { partition.read(disk, from: &number, into: &list) }
        return list.table(.mbr)
    }
}
