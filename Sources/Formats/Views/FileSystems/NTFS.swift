/// NTFS.
///
/// Layout of the boot sector, integers little-endian (ntfs-3g, include/ntfs-3g/layout.h, `NTFS_BOOT_SECTOR`):
///
///       3  oem_id                       8   "NTFS    "
///      11  bytes_per_sector             2
///      13  sectors_per_cluster          1   above 0x80: minus the bits of the number
///      40  number_of_sectors            8
///      48  mft_lcn                      8   in clusters
///      64  clusters_per_mft_record      1   if negative: minus the bits of the size in bytes
///      72  volume_serial_number         8
enum NTFS {
    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        guard area.has("NTFS    ", at: 3), let boot = area.block(at: 0, count: 512) else { return nil }
        var result = FileSystem("ntfs")
        let serial: UInt64 = try boot.little("volume_serial_number", at: 72)
        result.uuid = hexDigits(serial, uppercase: true)
        let sectorSize: UInt16 = try boot.little("bytes_per_sector", at: 11)
        let sectors: UInt64 = try boot.little("number_of_sectors", at: 40)
        guard 256...4096 ~= sectorSize, sectorSize.nonzeroBitCount == 1 else { return result }
        result.size = sectors.times(UInt64(sectorSize))
        guard let record = try volumeRecord(boot, sectorSize: UInt64(sectorSize), area) else { return result }
        result.label = try NTFSRecord.content(of: 0x60, in: record).flatMap(label)
        // VOLUME_IS_DIRTY, in the flags behind the version.
        if let information = try NTFSRecord.content(of: 0x70, in: record), information.count >= 12 {
            result.state = information[10] & 1 != 0 ? .notUnmounted : .clean
        }
        return result
    }

    private static func label(_ name: [UInt8]) -> String? {
        let units = stride(from: 0, to: name.count - 1, by: 2).map {
            UInt16(name[$0 + 1]) << 8 | UInt16(name[$0])
        }
        return withoutTrailingBlanks(String(decoding: units.prefix { $0 != 0 }, as: UTF16.self))
    }

    /// The record of the volume, the fourth of the master file table. Nil if it is not read.
    private static func volumeRecord(
        _ boot: Fields, sectorSize: UInt64, _ area: SuperblockArea
    ) throws(ImageError) -> Fields? {
        let perCluster: UInt8 = try boot.little("sectors_per_cluster", at: 13)
        let table: UInt64 = try boot.little("mft_lcn", at: 48)
        let signed: UInt8 = try boot.little("clusters_per_mft_record", at: 64)
        let perRecord = Int8(bitPattern: signed)
        let sectors: UInt64 = perCluster > 0x80 ? 1 << UInt64(256 - Int(perCluster)) : UInt64(perCluster)
        guard let clusterSize = sectors.times(sectorSize) else { return nil }
        let size =
            perRecord < 0
            ? UInt64(1) << UInt64(perRecord.magnitude) : clusterSize.times(UInt64(perRecord)) ?? 0
        guard 512...65536 ~= size, size.nonzeroBitCount == 1,
            let start = table.times(clusterSize)?.plus(3 * size),
            let record = area.block(at: start, count: Int(size))
        else { return nil }
        return try NTFSRecord.restored(record)
    }
}
