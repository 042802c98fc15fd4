/// The root directory of a FAT, as far as it is looked at for the label.
///
/// Entries of 32 bytes (Microsoft FAT specification 1.03, section 6):
///
///      0  DIR_Name   11   00 no more entries, e5 free
///     11  DIR_Attr    1   08 the label; 0f a part of a long name
struct FATRoot {
    /// The most bytes that are looked at. The label usually comes first.
    private static let maximumSize: UInt64 = 64 << 10

    private var entries: [UInt8] = []

    /// Reads the start of the root directory. Nil if nothing of it is read.
    init?(_ fat: FAT, _ area: SuperblockArea) throws(ImageError) {
        if fat.bits == 32 {
            try addChain(fat, area)
        } else {
            let start = (fat.reserved + fat.fats * fat.fatSize) * fat.sectorSize
            entries = Self.bytes(area, at: start, count: fat.rootEntries * 32)
        }
        if entries.isEmpty { return nil }
    }

    /// Adds the clusters of the root directory of FAT32.
    private mutating func addChain(_ fat: FAT, _ area: SuperblockArea) throws(ImageError) {
        var cluster: UInt32 = try fat.boot.little("BPB_RootClus", at: 44)
        // A cluster has at least 512 bytes, so a chain that goes round ends as well.
        while cluster >= 2, UInt64(cluster) - 2 < fat.clusters, entries.count < Int(Self.maximumSize) {
            let sector = fat.dataStart + (UInt64(cluster) - 2) * fat.sectorsPerCluster
            let found = Self.bytes(area, at: sector * fat.sectorSize, count: fat.clusterSize)
            if found.isEmpty { return }
            entries += found
            let place = fat.reserved * fat.sectorSize + UInt64(cluster) * 4
            if hasEnd { return }
            guard let next = area.block(at: place, count: 4) else { return }
            cluster = try next.little("FAT entry", at: 0) & 0x0FFF_FFFF
        }
    }

    private var hasEnd: Bool { stride(from: 0, to: entries.count, by: 32).contains { entries[$0] == 0 } }

    private static func bytes(_ area: SuperblockArea, at offset: UInt64, count: UInt64) -> [UInt8] {
        area.block(at: offset, count: Int(min(count, maximumSize)))?.bytes ?? []
    }

    /// The label. Nil if it has none.
    func label() -> String? {
        for start in stride(from: 0, to: entries.count - 31, by: 32) {
            if entries[start] == 0 { return nil }
            let attributes = entries[start + 11]
            // Not a folder, not a long name, and without a cluster.
            guard entries[start] != 0xE5, attributes & 0x3F != 0x0F, attributes & 0x18 == 0x08 else {
                continue
            }
            var name = Array(entries[start..<start + 11])
            // 05 stands for e5, which is taken.
            if name[0] == 0x05 { name[0] = 0xE5 }
            return withoutTrailingBlanks(String(decoding: name.prefix { $0 != 0 }, as: UTF8.self))
        }
        return nil
    }
}
