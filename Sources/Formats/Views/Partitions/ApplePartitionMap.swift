/// An Apple partition map: a block for each partition, from the second block of the disk on.
///
/// Layout of the first block, integers big-endian (Inside Macintosh: Devices, "The Driver Descriptor
/// Record"):
///
///     0  sbSig      2   "ER"
///     2  sbBlkSize  2   in bytes
///     4  sbBlkCount 4   ignored
///
/// The rest is about drivers. Maps are read as Linux does (block/partitions/mac.c).
struct ApplePartitionMap {
    /// The largest number of entries that are read: each is a read on the disk.
    static let maximumEntries: UInt32 = 256

    /// The size of its blocks, in bytes: a multiple of 512.
    private let blockSize: UInt64

    private let first: ApplePartitionEntry

    /// Reads the map of `disk`, whose first sector is `sector`. Nil if there is none.
    init?(_ sector: Fields, on disk: any Source) throws(ImageError) {
        guard sector.bytes.starts(with: "ER".utf8) else { return nil }
        let size: UInt16 = try sector.big("sbBlkSize", at: 2)
        guard size > 0, size.isMultiple(of: 512) else { return nil }
        blockSize = UInt64(size)
        // Two letters are no proof: without an entry there is no map.
        guard disk.holds(UInt64(ApplePartitionEntry.size), at: blockSize),
            let first = try ApplePartitionEntry(of: disk, at: blockSize)
        else { return nil }
        self.first = first
    }

    /// The table of its partitions: all of them, its own included, as in Linux.
    func table(of disk: any Source) -> PartitionTable {
        var list = PartitionList(diskSize: disk.size, sectorSize: blockSize, [])
        let count = min(first.mapCount, Self.maximumEntries)
        if first.mapCount > count {
            list.warn("the map has \(first.mapCount) entries; vitrine reads only the first \(count)")
        }
        for number in 0..<Int(count) {
            let number = number + 1
            do throws(ImageError) {
                guard let entry = try ApplePartitionEntry(of: disk, at: UInt64(number) * blockSize) else {
                    throw ImageError(.corrupt, "no signature PM")
                }
                // An empty entry keeps its number.
                guard let blocks = entry.blocks else { continue }
                list.add(number, blocks, type: entry.type, typeName: nil, name: entry.name)
            } catch {
                list.warn(
                    "entry at block \(number): \(error); partitions from \(number) on, of \(count), "
                        + "are left out")
                break
            }
        }
        return list.table(.apm)
    }
}
