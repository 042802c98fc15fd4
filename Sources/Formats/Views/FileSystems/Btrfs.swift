/// btrfs.
///
/// Superblock at 64 KiB, integers little-endian (Linux, include/uapi/linux/btrfs_tree.h, `struct btrfs_super_block`); some fields:
///
///     0x00  csum          32
///     0x20  fsid          16
///     0x40  magic          8   "_BHRfS_M"
///     0x60  log_root       8   not 0 if there is a log to replay
///     0x70  total_bytes    8   of all devices
///     0x78  bytes_used     8   of all devices
///     0x88  num_devices    8
///     0xc4  csum_type      2   0 CRC-32C
///     0xd1  total_bytes    8   of this device
///     0x12b label        256
enum Btrfs {
    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        guard area.has("_BHRfS_M", at: 0x10040), let block = area.block(at: 0x10000, count: 4096) else {
            return nil
        }
        var result = FileSystem("btrfs")
        result.label = try block.text("label", at: 0x12B, count: 256)
        result.uuid = try block.uuid("fsid", at: 0x20)
        let log: UInt64 = try block.little("log_root", at: 0x60)
        // Without a log it is consistent at any time: nothing is written in place.
        result.state = log == 0 ? .clean : .journalToReplay
        let type: UInt16 = try block.little("csum_type", at: 0xC4)
        let checksum: UInt32 = try block.little("csum", at: 0)
        if type == 0, checksum != CRC32C.of(block.bytes[0x20...]) { result.state = .damaged }
        let devices: UInt64 = try block.little("num_devices", at: 0x88)
        let total: UInt64 = try block.little("total_bytes", at: 0x70)
        let used: UInt64 = try block.little("bytes_used", at: 0x78)
        if devices == 1 {
            result.size = total
            if used <= total { result.use(total: total, free: total - used, unit: 1) }
        } else {
            result.size = try block.little("dev_item.total_bytes", at: 0xD1)
            result.variant = "one of \(devices) devices"
        }
        return result
    }
}
