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

    /// The size of the sectors its numbers count, in bytes; always 512 with MBR, a multiple of 512 with an
    /// Apple partition map.
    public let sectorSize: UInt64

    /// In the order of their numbers.
    public let partitions: [Partition]

    /// What is wrong with the table, though it could be read; a sentence each.
    public let warnings: [String]

    /// Reads the partition table of `disk`; nil where there is none.
    ///
    /// Throws what `disk` throws when its first sectors cannot be read, and `unsupported` where there is a
    /// table of a kind that is not read. Whatever else is unreadable, or makes no sense, is no error, but a
    /// warning in the table, or no table.
    package static func read(_ disk: any Source) throws(ImageError) -> PartitionTable? {
        // Behind the sector that holds an MBR there must be something for it to divide.
        guard disk.size > MBR.sectorSize else { return nil }
        let sector = Fields(try disk.bytes(at: 0, count: Int(MBR.sectorSize)), at: 0)
        if let mbr = try MBR(sector), let table = try read(mbr, of: disk) { return table }
        if let map = try ApplePartitionMap(sector, on: disk) { return map.table(of: disk) }
        if let label = try UnreadLabel(sector) {
            throw ImageError(
                .unsupported,
                "the disk has \(label.rawValue), which is not read: its partitions are not listed")
        }
        return nil
    }

    /// The table that begins with `mbr`: it, or the GPT that it protects; nil where it is a boot sector.
    private static func read(_ mbr: MBR, of disk: any Source) throws(ImageError) -> PartitionTable? {
        var warnings: [String] = []
        if mbr.isProtective {
            if let gpt = GPT.find(on: disk, &warnings) { return try gpt.table(of: disk, warnings) }
            // Beside the protective entry, a hybrid MBR has entries of its own.
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
