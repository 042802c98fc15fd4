/// A primary partition of an MBR that may have a table of its own: a BSD disklabel, or MINIX subpartitions.
///
/// Linux numbers the partitions in such tables after the logical partitions.
struct NestedPartitions {
    let number: Int
    let type: UInt8

    /// Its sectors, counted from the start of the disk.
    let sectors: ClosedRange<UInt64>

    /// Creates the primary partition `number`. Nil if its type has no table inside.
    init?(number: Int, type: UInt8, sectors: ClosedRange<UInt64>) {
        guard type == MBRTypes.minix || MBRTypes.disklabels.contains(type) else { return nil }
        self.number = number
        self.type = type
        self.sectors = sectors
    }

    /// True if all of `others` are among its sectors.
    func contains(_ others: ClosedRange<UInt64>) -> Bool {
        sectors.contains(others.lowerBound) && sectors.contains(others.upperBound)
    }

    /// Adds the partitions of its table to `list`, numbered from `next` on.
    func read(_ disk: any Source, from next: inout Int, into list: inout PartitionList) {
        do throws(ImageError) {
            guard let start = try start(on: disk, sectorSize: list.sectorSize) else { return }
            if type == MBRTypes.minix {
                try readSubpartitions(start, from: &next, into: &list)
            } else if let label = try Disklabel(start) {
                list.setContainer(number)
                label.read(in: self, from: &next, into: &list)
            }
        } catch {
            list.warn("partition \(number): \(error); the partitions inside are left out")
        }
    }

    /// Its first 1024 bytes, or the part of them that exists. Nil if it lies behind the end of the disk.
    private func start(on disk: any Source, sectorSize: UInt64) throws(ImageError) -> Fields? {
        guard sectors.lowerBound < disk.size / sectorSize else { return nil }
        let offset = sectors.lowerBound * sectorSize
        let sectorCount = min(sectors.upperBound - sectors.lowerBound, 1) + 1
        let count = min(disk.size - offset, sectorCount * sectorSize, 2 * MBR.size)
        return Fields(try disk.bytes(at: offset, count: Int(count)), at: offset)
    }

    /// Adds MINIX's subpartitions. The boot record in the first sector lists them, counted from the start of the disk
    /// (libblkid/src/partitions/minix.c).
    private func readSubpartitions(
        _ start: Fields, from next: inout Int, into list: inout PartitionList
    ) throws(ImageError) {
        // An old Linux has its root in such a partition, with boot code in place of a table, so an invalid table is no
        // reason to warn.
        guard let record = try MBR(start) else { return }
        for entry in record.entries where entry.type == MBRTypes.minix {
            guard let taken = entry.sectors(from: 0), contains(taken) else { continue }
            list.setContainer(number)
            list.add(next, taken, type: entry.typeText, typeName: MBRTypes.names[entry.type])
            next += 1
        }
    }
}
