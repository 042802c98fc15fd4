/// ext2, ext3 and ext4.
///
/// Superblock at 1024, integers little-endian (Linux, Documentation/filesystems/ext4/super.rst); some fields:
///
///     0x04  s_blocks_count_lo       4
///     0x0c  s_free_blocks_count_lo  4
///     0x18  s_log_block_size        4   of 1024 bytes
///     0x38  s_magic                 2   ef53
///     0x3a  s_state                 2   1 unmounted, 2 errors
///     0x5c  s_feature_compat        4   4 has a journal
///     0x60  s_feature_incompat      4   4 journal to replay, 8 is a journal, 80 64-bit counts
///     0x64  s_feature_ro_compat     4   400 checksums
///     0x68  s_uuid                 16
///     0x78  s_volume_name          16
///     0x150 s_blocks_count_hi       4
///     0x158 s_free_blocks_count_hi  4
///     0x3fc s_checksum              4
enum Ext {
    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        guard area.has([0x53, 0xEF], at: 1024 + 0x38), let block = area.block(at: 1024, count: 1024) else {
            return nil
        }
        let compat: UInt32 = try block.little("s_feature_compat", at: 0x5C)
        let incompat: UInt32 = try block.little("s_feature_incompat", at: 0x60)
        let readOnlyCompat: UInt32 = try block.little("s_feature_ro_compat", at: 0x64)
        var result = FileSystem(kind(compat, incompat, readOnlyCompat))
        result.label = try block.text("s_volume_name", at: 0x78, count: 16)
        result.uuid = try block.uuid("s_uuid", at: 0x68)
        result.state = try state(of: block, incompat)
        if readOnlyCompat & 0x400 != 0 {
            let stored: UInt32 = try block.little("s_checksum", at: 0x3FC)
            if stored != ~CRC32C.of(block.bytes[..<0x3FC]) { result.state = .damaged }
        }
        let exponent: UInt32 = try block.little("s_log_block_size", at: 0x18)
        // Linux: EXT4_MAX_BLOCK_LOG_SIZE is 16, of 1024 bytes 6.
        guard exponent <= 6 else { return result }
        let unit = UInt64(1024) << UInt64(exponent)
        let is64Bit = incompat & 0x80 != 0
        let blocks = try count(block, "s_blocks_count", low: 0x04, high: is64Bit ? 0x150 : nil)
        let free = try count(block, "s_free_blocks_count", low: 0x0C, high: is64Bit ? 0x158 : nil)
        result.size = blocks.times(unit)
        result.use(total: blocks, free: free, unit: unit)
        return result
    }

    /// The name that the features give, as in libblkid: the oldest of the three that knows them all.
    private static func kind(_ compat: UInt32, _ incompat: UInt32, _ readOnlyCompat: UInt32) -> String {
        if incompat & 8 != 0 { return "jbd" }
        // File types and meta block groups; sparse superblocks, large files and trees as directories.
        let isOld = readOnlyCompat & ~7 == 0
        if compat & 4 == 0 { return isOld && incompat & ~0x12 == 0 ? "ext2" : "ext4" }
        return isOld && incompat & ~0x16 == 0 ? "ext3" : "ext4"
    }

    private static func state(of block: Fields, _ incompat: UInt32) throws(ImageError) -> FileSystem.State {
        let state: UInt16 = try block.little("s_state", at: 0x3A)
        // A journal on its own has no such state.
        if incompat & 8 != 0 { return .unknown }
        if incompat & 4 != 0 { return .journalToReplay }
        if state & 2 != 0 { return .damaged }
        return state & 1 != 0 ? .clean : .notUnmounted
    }

    private static func count(
        _ block: Fields, _ field: StaticString, low: Int, high: Int?
    ) throws(ImageError) -> UInt64 {
        let lowHalf: UInt32 = try block.little(field, at: low)
        guard let high else { return UInt64(lowHalf) }
        let highHalf: UInt32 = try block.little(field, at: high)
        return UInt64(highHalf) << 32 | UInt64(lowHalf)
    }
}
