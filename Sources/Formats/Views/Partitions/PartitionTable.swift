/// The partitions of a disk.
public struct PartitionTable: Sendable {
    /// The kind of table.
    public enum Scheme: String, Sendable {
        /// GUID partition table (UEFI specification, chapter 5).
        case gpt
        /// Master boot record, with extended partitions, BSD disklabels and MINIX subpartitions.
        case mbr
        /// Apple partition map.
        case apm
    }

    /// The kind of table.
    public let scheme: Scheme

    /// The size in bytes of the sectors that the table counts. Always 512 with MBR, a multiple of 512 with an Apple
    /// partition map.
    public let sectorSize: UInt64

    /// The partitions, in the order of their numbers.
    public let partitions: [Partition]

    /// Problems of the table that did not keep it from being read, a sentence each.
    public let warnings: [String]

    /// Reads the partition table of `disk`. Nil if there is none.
    ///
    /// Throws the error of reading the first sectors, and `unsupported` if there is a table of a kind that is not read.
    /// Other unreadable or invalid data is no error, but gives a warning in the table, or no table.
    package static func read(_ disk: any Source) throws(ImageError) -> PartitionTable? {
        // An MBR needs something behind its sector to divide.
        guard disk.size > MBR.sectorSize else { return nil }
        let sector = Fields(try disk.bytes(at: 0, count: Int(MBR.sectorSize)), at: 0)
        if let mbr = try MBR(sector), let table = try read(mbr, of: disk) { return table }
        if let map = try ApplePartitionMap(sector, on: disk) { return map.table(of: disk) }
        if let label = try UnreadLabel(sector) {
            throw ImageError(
                .unsupported,
                "the disk has \(label.rawValue), which vitrine does not read: its partitions are not listed")
        }
        return nil
    }

    /// The table that starts with `mbr`: the MBR itself, or the GPT that it protects. Nil if `mbr` is a boot sector.
    private static func read(_ mbr: MBR, of disk: any Source) throws(ImageError) -> PartitionTable? {
        var warnings: [String] = []
        if mbr.isProtective {
            if let gpt = GPT.find(on: disk, &warnings) { return try gpt.table(of: disk, warnings) }
            // A hybrid MBR has entries of its own beside the protective one.
            guard mbr.isSound, mbr.entries.contains(where: { $0.isUsed && !$0.isProtective }) else {
                return PartitionTable(
                    scheme: .gpt, sectorSize: MBR.sectorSize, partitions: [], warnings: warnings)
            }
            warnings.append("the MBR is used instead of the GPT")
        } else if mbr.isBootSector(of: disk) {
            return nil
        }
        return mbr.table(of: disk, warnings)
    }
}
