/// EROFS.
///
/// Superblock at 1024, integers little-endian (Linux, fs/erofs/erofs_fs.h, `struct erofs_super_block`); some fields:
///
///       0  magic         4   e0f5e1e2
///      12  blkszbits     1
///      36  blocks        4
///      48  uuid         16
///      64  volume_name  16
enum EROFS {
    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        guard area.has([0xE2, 0xE1, 0xF5, 0xE0], at: 1024), let block = area.block(at: 1024, count: 128)
        else {
            return nil
        }
        var result = FileSystem("erofs")
        result.state = .readOnly
        result.label = try block.text("volume_name", at: 64, count: 16)
        result.uuid = try block.uuid("uuid", at: 48)
        let blocks: UInt32 = try block.little("blocks", at: 36)
        let exponent: UInt8 = try block.little("blkszbits", at: 12)
        if 9...16 ~= exponent { result.size = UInt64(blocks).times(powerOf2: exponent) }
        result.used = result.size
        return result
    }
}
