/// exFAT.
///
/// Layout of the boot sector, integers little-endian (Microsoft exFAT specification 1.00, section 3.1):
///
///       3  FileSystemName            8   "EXFAT   "
///      72  VolumeLength              8   in sectors
///      88  ClusterHeapOffset         4   in sectors
///      92  ClusterCount              4
///      96  FirstClusterOfRoot        4
///     100  VolumeSerialNumber        4
///     104  FileSystemRevision        2
///     106  VolumeFlags               2   2 not unmounted, 4 media failure
///     108  BytesPerSectorShift       1
///     109  SectorsPerClusterShift    1
enum ExFAT {
    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        guard area.has("EXFAT   ", at: 3), let boot = area.block(at: 0, count: 512) else { return nil }
        var result = FileSystem("exfat")
        let serial: UInt32 = try boot.little("VolumeSerialNumber", at: 100)
        if serial != 0 { result.uuid = serialText(serial) }
        let revision: UInt16 = try boot.little("FileSystemRevision", at: 104)
        result.variant = "\(revision >> 8).\(revision & 0xFF)"
        let flags: UInt16 = try boot.little("VolumeFlags", at: 106)
        result.state = flags & 2 != 0 ? .notUnmounted : flags & 4 != 0 ? .damaged : .clean
        let sectorBits: UInt8 = try boot.little("BytesPerSectorShift", at: 108)
        let clusterBits: UInt8 = try boot.little("SectorsPerClusterShift", at: 109)
        let sectors: UInt64 = try boot.little("VolumeLength", at: 72)
        // Sections 3.1.14 and 3.1.15.
        guard 9...12 ~= sectorBits, clusterBits <= 25 - sectorBits else { return result }
        result.size = sectors.times(powerOf2: sectorBits)
        result.label = try label(boot, sectorBits: sectorBits, clusterBits: clusterBits, area)
        return result
    }

    /// The label, from its entry in the first cluster of the root directory (section 7.3).
    ///
    ///      0  EntryType        1   83
    ///      1  CharacterCount   1   at most 11
    ///      2  VolumeLabel     22   UTF-16
    private static func label(
        _ boot: Fields, sectorBits: UInt8, clusterBits: UInt8, _ area: SuperblockArea
    ) throws(ImageError) -> String? {
        let heap: UInt32 = try boot.little("ClusterHeapOffset", at: 88)
        let clusters: UInt32 = try boot.little("ClusterCount", at: 92)
        let root: UInt32 = try boot.little("FirstClusterOfRoot", at: 96)
        guard root >= 2, root - 2 < clusters else { return nil }
        // At most 2^32 clusters of 2^25 bytes: no sum overflows.
        let start = (UInt64(heap) + UInt64(root - 2) << UInt64(clusterBits)) << UInt64(sectorBits)
        let size = min(64 << 10, 1 << (Int(sectorBits) + Int(clusterBits)))
        guard let entries = area.block(at: start, count: size) else { return nil }
        for place in stride(from: 0, to: size, by: 32) {
            let type = entries.bytes[place]
            if type == 0 { return nil }
            if type == 0x83 {
                let count = min(11, Int(entries.bytes[place + 1]))
                return try entries.utf16("VolumeLabel", at: place + 2, count: 2 * count)
            }
        }
        return nil
    }
}
