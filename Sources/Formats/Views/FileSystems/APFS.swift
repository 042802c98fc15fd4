/// Containers of APFS. The volumes in them are not looked at.
///
/// Superblock at 0, integers little-endian (Apple File System Reference, "Container Superblock"); some fields:
///
///      24  o_type            2   1
///      32  nx_magic          4   "NXSB"
///      36  nx_block_size     4
///      40  nx_block_count    8
///      72  nx_uuid          16
enum APFS {
    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        guard area.has("NXSB", at: 32), area.has([1, 0], at: 24), let block = area.block(at: 0, count: 88)
        else { return nil }
        var result = FileSystem("apfs")
        result.uuid = try block.uuid("nx_uuid", at: 72)
        let unit: UInt32 = try block.little("nx_block_size", at: 36)
        let count: UInt64 = try block.little("nx_block_count", at: 40)
        // NX_MINIMUM_BLOCK_SIZE, NX_MAXIMUM_BLOCK_SIZE.
        if 4096...65536 ~= unit { result.size = count.times(UInt64(unit)) }
        return result
    }
}
