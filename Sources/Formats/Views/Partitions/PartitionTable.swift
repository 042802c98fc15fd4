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

    /// The size in bytes of the sectors that the table counts. With MBR 512, unless the user says otherwise; a multiple of 512 with
    /// an Apple partition map.
    public let sectorSize: UInt64

    /// The partitions, in the order of their numbers.
    public let partitions: [Partition]

    /// Problems of the table that did not keep it from being read, a sentence each.
    public let warnings: [String]

    /// The sizes that a user may give the sectors of a disk, in bytes.
    package static let sectorSizes: [UInt64] = [512, 4096]

    /// Reads the partition table of `disk`. Nil if there is none. An MBR or GPT counts sectors of `sectorSize` bytes, or if that is
    /// nil, of the size that the table tells.
    ///
    /// Throws the error of reading the first sectors, and `unsupported` if there is a table of a kind that is not read.
    /// Other unreadable or invalid data is no error, but gives a warning in the table, or no table.
    package static func read(
        _ disk: any Source, sectorSize: UInt64? = nil
    ) throws(ImageError) -> PartitionTable? {
        // An MBR needs something behind its sector to divide.
        guard disk.size > MBR.size else { return nil }
        let sector = Fields(try disk.bytes(at: 0, count: Int(MBR.size)), at: 0)
        if let mbr = try MBR(sector), let table = try read(mbr, of: disk, sectorSize) { return table }
        if let map = try ApplePartitionMap(sector, on: disk) { return map.table(of: disk) }
        if let label = try UnreadLabel(sector) {
            throw ImageError(
                .unsupported,
                "the disk has \(label.rawValue), which vitrine does not read: its partitions are not listed")
        }
        return nil
    }

    /// The table that starts with `mbr`: the MBR itself, or the GPT that it protects. Nil if `mbr` is a boot sector.
    private static func read(
        _ mbr: MBR, of disk: any Source, _ chosenSize: UInt64?
    ) throws(ImageError) -> PartitionTable? {
        let sectorSize = chosenSize ?? MBR.sectorSize
        var warnings: [String] = []
        if mbr.isProtective {
            if let gpt = GPT.find(on: disk, sectorSize: chosenSize, &warnings) {
                let table = try gpt.table(of: disk, warnings)
                return PartitionTable(
                    scheme: .gpt, sectorSize: table.sectorSize, partitions: table.partitions,
                    warnings: table.warnings + table.hybridWarnings(mbr))
            }
            // A hybrid MBR has entries of its own beside the protective one.
            guard mbr.isSound, !mbr.hybridEntries.isEmpty else {
                return PartitionTable(
                    scheme: .gpt, sectorSize: sectorSize, partitions: [], warnings: warnings)
            }
            warnings.append("the MBR is used instead of the GPT")
        } else if mbr.isBootSector(of: disk, sectorSize: sectorSize) {
            return nil
        }
        return try mbr.table(of: disk, sectorSize: sectorSize, warnings)
    }

    /// A warning for each partition that the hybrid `mbr` has beside the GPT, and the GPT has not.
    private func hybridWarnings(_ mbr: MBR) -> [String] {
        guard mbr.isSound else { return [] }
        return mbr.hybridEntries.compactMap { entry in
            let isKnown = partitions.contains { $0.range.lowerBound == UInt64(entry.start) * sectorSize }
            guard !isKnown, let sectors = entry.sectors(from: 0) else { return nil }
            return "the MBR beside the GPT has a partition of type \(entry.typeText) from sector "
                + "\(sectors.lowerBound) to \(sectors.upperBound), which the GPT has not: it is left out"
        }
    }
}
