/// A BSD disklabel: the table of the partitions inside an MBR partition of FreeBSD, OpenBSD or NetBSD.
///
/// Layout, integers little-endian (FreeBSD sys/disk/bsd.h, OpenBSD and NetBSD sys/disklabel.h):
///
///       0  d_magic          4   82564557
///       4  geometry       128   not looked at
///     132  d_magic2         4   82564557
///     136  d_checksum       2   exclusive or of all 16-bit words; not looked at, as in Linux
///     138  d_npartitions    2
///     140  sizes            8   not looked at
///     148  d_partitions  n*16   see `DisklabelEntry`
///
/// What is taken, and which numbers it gets, is decided as libblkid does (libblkid/src/partitions/bsd.c).
struct Disklabel {
    /// What it begins with.
    static let magic: UInt32 = 0x8256_4557

    /// Where it may be, in bytes from the start of the MBR partition.
    static let offsets = [512, 64, 128]

    /// More entries than this are not looked at, as in Linux.
    static let maximumEntries = 16

    /// The size of a label with all entries that are looked at, in bytes.
    private static let size = 148 + 16 * maximumEntries

    /// How many entries it says that it has.
    let entryCount: UInt16

    /// Those that are looked at, used or not, in their order.
    let entries: [DisklabelEntry]

    /// The label in `start`, the first bytes of an MBR partition; nil where there is none.
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

    /// Adds its partitions to `list`, numbered from `next` on; it was found in the MBR partition `parent`.
    func read(in parent: NestedPartitions, from next: inout Int, into list: inout PartitionList) {
        if Int(entryCount) > Self.maximumEntries {
            list.warn(
                "partition \(parent.number): its disklabel has \(entryCount) entries, of which the first "
                    + "\(Self.maximumEntries) are looked at")
        }
        let origin = origin(in: parent)
        for (letter, entry) in zip("abcdefghijklmnop", entries) where entry.isUsed {
            guard let sectors = entry.sectors(from: origin) else {
                // As in Linux: it is no partition, but counts as one where it lies inside.
                let place = origin + UInt64(entry.offset)
                if parent.sectors.lowerBound <= place, place <= parent.sectors.upperBound + 1 { next += 1 }
                continue
            }
            // It stands for the whole of the parent.
            guard sectors != parent.sectors else { continue }
            guard parent.contains(sectors) else {
                // OpenBSD's labels list what other systems have on the disk, too.
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

    /// What its offsets count from, in sectors from the start of the disk.
    ///
    /// That is the start of the disk. FreeBSD from version 10 on counts from the start of the
    /// partition, and then entry c, which stands for all of it, begins at 0.
    private func origin(in parent: NestedPartitions) -> UInt64 {
        guard parent.type == MBRTypes.freeBSD, entries.count > 2, entries[2].offset == 0 else { return 0 }
        return parent.sectors.lowerBound
    }
}
