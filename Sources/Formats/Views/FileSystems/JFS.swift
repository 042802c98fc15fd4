/// JFS.
///
/// Superblock at 32 KiB, integers little-endian (Linux, fs/jfs/jfs_superblock.h, `struct jfs_superblock`); some fields:
///
///       0  s_magic      4   "JFS1"
///       4  s_version    4
///       8  s_size       8   in sectors
///      24  s_pbsize     4   size of a sector
///      40  s_state      4   0 clean
///     136  s_uuid      16
///     152  s_label     16
enum JFS {
    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        guard area.has("JFS1", at: 32768), let block = area.block(at: 32768, count: 184) else { return nil }
        var result = FileSystem("jfs")
        result.label = try block.text("s_label", at: 152, count: 16)
        result.uuid = try block.uuid("s_uuid", at: 136)
        let state: UInt32 = try block.little("s_state", at: 40)
        result.state = state == 0 ? .clean : .journalToReplay
        let sectors: UInt64 = try block.little("s_size", at: 8)
        let sectorSize: UInt32 = try block.little("s_pbsize", at: 24)
        if 512...4096 ~= sectorSize { result.size = sectors.times(UInt64(sectorSize)) }
        return result
    }
}
