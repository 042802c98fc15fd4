/// ReiserFS.
///
/// Superblock at 64 KiB, integers little-endian (Linux up to 6.12, fs/reiserfs/reiserfs.h, `struct reiserfs_super_block`); some fields:
///
///       0  s_block_count    4
///       4  s_free_blocks    4
///      44  s_blocksize      2
///      50  s_umount_state   2   1 unmounted
///      52  s_magic         10
///      84  s_uuid          16
///     100  s_label         16
enum ReiserFS {
    private static let versions = [("ReIsErFs", "3.5"), ("ReIsEr2Fs", "3.6"), ("ReIsEr3Fs", "JR")]

    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        guard let version = versions.first(where: { area.has($0.0, at: 65536 + 52) }),
            let block = area.block(at: 65536, count: 204)
        else { return nil }
        var result = FileSystem("reiserfs")
        result.variant = version.1
        // Version 3.5 has no room for a name.
        if version.1 != "3.5" {
            result.label = try block.text("s_label", at: 100, count: 16)
            result.uuid = try block.uuid("s_uuid", at: 84)
        }
        let state: UInt16 = try block.little("s_umount_state", at: 50)
        result.state = state == 1 ? .clean : .journalToReplay
        let unit: UInt16 = try block.little("s_blocksize", at: 44)
        let total: UInt32 = try block.little("s_block_count", at: 0)
        let free: UInt32 = try block.little("s_free_blocks", at: 4)
        guard unit >= 512, unit.nonzeroBitCount == 1 else { return result }
        result.size = UInt64(total) * UInt64(unit)
        result.use(total: UInt64(total), free: UInt64(free), unit: UInt64(unit))
        return result
    }
}
