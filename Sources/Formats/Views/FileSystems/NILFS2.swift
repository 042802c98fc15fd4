/// NILFS2.
///
/// Superblock at 1024, integers little-endian (Linux, include/uapi/linux/nilfs2_ondisk.h, `struct nilfs_super_block`); some fields:
///
///       0  s_rev_level      4
///       6  s_magic          2   3434
///       8  s_bytes          2
///      32  s_dev_size       8
///     116  s_state          2   1 unmounted, 2 errors
///     152  s_uuid          16
///     168  s_volume_name   80
enum NILFS2 {
    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        guard area.has([0x34, 0x34], at: 1024 + 6), let block = area.block(at: 1024, count: 1024) else {
            return nil
        }
        let version: UInt32 = try block.little("s_rev_level", at: 0)
        let length: UInt16 = try block.little("s_bytes", at: 8)
        // Two bytes are no proof: the length of the superblock must be possible, and the version one that exists.
        guard 1...2 ~= version, 248...1024 ~= length else { return nil }
        var result = FileSystem("nilfs2")
        result.label = try block.text("s_volume_name", at: 168, count: 80)
        result.uuid = try block.uuid("s_uuid", at: 152)
        result.size = try block.little("s_dev_size", at: 32)
        let state: UInt16 = try block.little("s_state", at: 116)
        result.state = state & 2 != 0 ? .damaged : state & 1 != 0 ? .clean : .journalToReplay
        return result
    }
}
