/// A BSD disklabel: the table of the partitions inside an MBR partition of FreeBSD, OpenBSD or NetBSD.
///
/// Layout, integers little-endian (FreeBSD sys/disk/bsd.h, OpenBSD and NetBSD sys/disklabel.h):
///
///       0  d_magic          4   82564557
///       4  geometry       128   ignored
///     132  d_magic2         4   82564557
///     136  d_checksum       2   exclusive or of all 16-bit words; ignored, as in Linux
///     138  d_npartitions    2
///     140  sizes            8   ignored
///     148  d_partitions  n*16   see `DisklabelEntry`
///
/// The entries that count as partitions, and their numbers, are as in libblkid (libblkid/src/partitions/bsd.c).
struct Disklabel {
    /// The number that a label starts with.
    static let magic: UInt32 = 0x8256_4557

    /// The offsets at which a label may start, in bytes from the start of the MBR partition.
    static let offsets = [512, 64, 128]

    /// The largest number of entries that are read, as in Linux.
    static let maximumEntries = 16

    /// The size in bytes of a label with `maximumEntries` entries.
    private static let size = 148 + 16 * maximumEntries

    /// The number of entries that the label claims to have.
    let entryCount: UInt16

    /// The entries that are read, used or not, in order.
    let entries: [DisklabelEntry]

    /// Finds the label in `start`, the first bytes of an MBR partition. Nil if there is none.
    init?(_ start: Fields) throws(ImageError) {
        for offset in Self.offsets where offset + Self.size <= start.bytes.count {
            let magic: UInt32 = try start.little("d_magic", at: offset)
            guard magic == Self.magic else { continue }
            entryCount = try start.little("d_npartitions", at: offset + 138)
            var entries: [DisklabelEntry] = []
            for index in 0..<min(Int(entryCount), Self.maximumEntries) {
                entries.append(try DisklabelEntry(start, at: offset + 148 + 16 * index))
            }
            self.entries = entries
            return
        }
        return nil
    }

    /// Adds its partitions to `list`, numbered from `next` on. The label was found in the MBR partition `parent`.
    func read(in parent: NestedPartitions, from next: inout Int, into list: inout PartitionList) {
        if Int(entryCount) > Self.maximumEntries {
            list.warn(
                "partition \(parent.number): its disklabel has \(entryCount) entries; vitrine reads only "
                    + "the first \(Self.maximumEntries)")
        }
        let origin = origin(in: parent)
        for (letter, entry) in zip("abcdefghijklmnop", entries) where entry.isUsed {
            guard let sectors = entry.sectors(from: origin) else {
                // As in Linux: an empty entry is no partition, but takes a number if it lies inside.
                let place = origin + UInt64(entry.offset)
                if parent.sectors.lowerBound <= place, place <= parent.sectors.upperBound + 1 { next += 1 }
                continue
            }
            // This entry stands for all of the parent.
            guard sectors != parent.sectors else { continue }
            guard parent.contains(sectors) else {
                // OpenBSD's labels also list the partitions of other systems on the disk.
                if !list.contains(sectors) {
                    list.warn(
                        "partition \(parent.number): \(letter) of its disklabel takes sectors "
                            + "\(sectors.lowerBound) to \(sectors.upperBound), which are not inside: "
                            + "it is left out")
                }
                continue
            }
            list.add(
                next, sectors, type: entry.typeText, typeName: DisklabelEntry.typeNames[entry.type],
                name: String(letter))
            next += 1
        }
    }

    /// The origin of its offsets, in sectors from the start of the disk.
    ///
    /// Offsets count from the start of the disk. Only FreeBSD, from version 10 on, counts from the start of the
    /// partition. Entry c, which stands for all of it, then starts at 0.
    private func origin(in parent: NestedPartitions) -> UInt64 {
        guard parent.type == MBRTypes.freeBSD, entries.count > 2, entries[2].offset == 0 else { return 0 }
        return parent.sectors.lowerBound
    }
}
