/// bcachefs, and bcache, which it comes from.
///
/// Superblock at 4096, integers little-endian (Linux, fs/bcachefs/bcachefs_format.h, `struct bch_sb`;
/// include/uapi/linux/bcache.h, `struct cache_sb`); some fields:
///
///      24  magic        16
///      40  uuid         16   of bcache
///      56  user_uuid    16
///      72  label        32
///     123  nr_devices    1
enum Bcachefs {
    private static let magic: [UInt8] = [
        0xC6, 0x85, 0x73, 0xF6, 0x66, 0xCE, 0x90, 0xA9, 0xD9, 0x6A, 0x60, 0xCF, 0x80, 0x3D, 0xF7, 0xEF,
    ]
    private static let cacheMagic: [UInt8] = [
        0xC6, 0x85, 0x73, 0xF6, 0x4E, 0x1A, 0x45, 0xCA, 0x82, 0x65, 0xF5, 0x7F, 0x48, 0xBA, 0x6D, 0x81,
    ]

    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        guard area.has(magic, at: 4096 + 24), let block = area.block(at: 4096, count: 128) else { return nil }
        var result = FileSystem("bcachefs")
        result.uuid = try block.uuid("user_uuid", at: 56)
        result.label = try block.text("label", at: 72, count: 32)
        let devices = block.bytes[123]
        if devices != 1 { result.variant = "one of \(devices) devices" }
        return result
    }

    static func readCache(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        guard area.has(cacheMagic, at: 4096 + 24), let block = area.block(at: 4096, count: 128) else {
            return nil
        }
        var result = FileSystem("bcache")
        result.uuid = try block.uuid("uuid", at: 40)
        return result
    }
}
