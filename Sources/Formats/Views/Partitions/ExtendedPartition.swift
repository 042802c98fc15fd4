/// An extended partition of an MBR: a container for logical partitions.
///
/// It starts with an extended boot record: a sector with four entries at the same offsets as in an MBR. One entry is a
/// logical partition, counted from this record. Another may be extended: it links to the next record, counted from the
/// start of the extended partition. Only custom specifies this. It is read as in Linux (block/partitions/msdos.c,
/// parse_extended), except for the checks on where a link leads.
struct ExtendedPartition {
    /// The largest number of records that are followed: each is a read somewhere on the disk.
    static let maximumRecords = 512

    let number: Int

    /// Its sectors, counted from the start of the disk.
    let sectors: ClosedRange<UInt64>

    /// Adds its logical partitions to `list`, numbered from `next` on.
    func read(_ disk: any Source, from next: inout Int, into list: inout PartitionList) {
        var lba = sectors.lowerBound
        var visited: Set<UInt64> = []
        while true {
            let entries: [MBREntry]
            do throws(ImageError) {
                entries = try record(at: lba, on: disk, list.sectorSize, &visited)
            } catch {
                return list.warn(
                    "extended partition \(number): \(error); logical partitions from \(next) on are left out")
            }
            add(entries, ofRecordAt: lba, from: &next, to: &list)
            guard let link = entries.first(where: { $0.isUsed && $0.isExtended }) else { return }
            lba = sectors.lowerBound + UInt64(link.start)
        }
    }

    /// The entries of the boot record in sector `lba` of `sectorSize` bytes. Throws if no link may lead there.
    private func record(
        at lba: UInt64, on disk: any Source, _ sectorSize: UInt64, _ visited: inout Set<UInt64>
    ) throws(ImageError) -> [MBREntry] {
        let isNew = visited.insert(lba).inserted
        let isTooMany = visited.count > Self.maximumRecords
        return try inside("boot record at sector \(lba)") { () throws(ImageError) in
            guard isNew else { throw ImageError(.corrupt, "linked to twice") }
            guard !isTooMany else { throw ImageError(.limit, "comes after \(Self.maximumRecords) others") }
            guard sectors.contains(lba) else { throw ImageError(.corrupt, "outside the extended partition") }
            guard lba < disk.size / sectorSize else { throw ImageError(.corrupt, "outside the disk") }
            let sector = Fields(
                try disk.bytes(at: lba * sectorSize, count: Int(MBR.size)), at: lba * sectorSize)
            guard let record = try MBR(sector) else { throw ImageError(.corrupt, "no signature 55 aa") }
            return record.entries
        }
    }

    private func add(
        _ entries: [MBREntry], ofRecordAt lba: UInt64, from next: inout Int, to list: inout PartitionList
    ) {
        for (index, entry) in entries.enumerated() where !entry.isExtended {
            guard let taken = entry.sectors(from: lba) else { continue }
            // The last two are unused, but not always zero.
            if index >= 2 && !(sectors.contains(taken.lowerBound) && sectors.contains(taken.upperBound)) {
                continue
            }
            list.add(next, taken, type: entry.typeText, typeName: MBRTypes.names[entry.type])
            next += 1
        }
    }
}
