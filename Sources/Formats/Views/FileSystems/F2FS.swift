/// F2FS.
///
/// Superblock at 1024, and again in the next block of 4096 bytes, integers little-endian (Linux, include/linux/f2fs_fs.h,
/// `struct f2fs_super_block`); some fields:
///
///       0  magic                4   f2f52010
///       4  major_ver, minor_ver 4
///      16  log_blocksize        4
///      20  log_blocks_per_seg   4
///      36  block_count          8
///      76  cp_blkaddr           4   the first of two checkpoints
///     108  uuid                16
///     124  volume_name       1024   UTF-16
enum F2FS {
    private static let magic: [UInt8] = [0x10, 0x20, 0xF5, 0xF2]

    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        guard let place = [1024, 4096 + 1024].first(where: { area.has(magic, at: $0) }),
            let block = area.block(at: UInt64(place), count: 1148)
        else { return nil }
        var result = FileSystem("f2fs")
        let major: UInt16 = try block.little("major_ver", at: 4)
        let minor: UInt16 = try block.little("minor_ver", at: 6)
        result.variant = "\(major).\(minor)"
        result.label = try block.utf16("volume_name", at: 124, count: 1024)
        result.uuid = try block.uuid("uuid", at: 108)
        let exponent: UInt32 = try block.little("log_blocksize", at: 16)
        let count: UInt64 = try block.little("block_count", at: 36)
        // Linux: F2FS_MIN_LOG_SECTOR_SIZE, and pages of up to 64 KiB.
        guard (9...16).contains(exponent), let size = count.times(powerOf2: exponent) else { return result }
        result.size = size
        try addCheckpoint(to: &result, block, blockBits: exponent, count, area)
        return result
    }

    /// Adds what the newer of the two checkpoints tells (`struct f2fs_checkpoint`).
    ///
    ///       0  checkpoint_ver      8
    ///      16  valid_block_count   8
    ///     132  ckpt_flags          4   1 unmounted
    private static func addCheckpoint(
        to result: inout FileSystem, _ block: Fields, blockBits: UInt32, _ count: UInt64,
        _ area: SuperblockArea
    ) throws(ImageError) {
        let first: UInt32 = try block.little("cp_blkaddr", at: 76)
        let segmentBits: UInt32 = try block.little("log_blocks_per_seg", at: 20)
        guard segmentBits <= 16, first != 0 else { return }
        var newest: UInt64?
        for index in [UInt64(first), UInt64(first) + 1 << UInt64(segmentBits)] {
            guard let checkpoint = area.block(at: index << UInt64(blockBits), count: 192) else { continue }
            let version: UInt64 = try checkpoint.little("checkpoint_ver", at: 0)
            guard version >= newest ?? 0 else { continue }
            newest = version
            let flags: UInt32 = try checkpoint.little("ckpt_flags", at: 132)
            let valid: UInt64 = try checkpoint.little("valid_block_count", at: 16)
            result.state = flags & 1 != 0 ? .clean : .notUnmounted
            result.used = nil
            if valid <= count { result.use(total: count, free: count - valid, unit: 1 << UInt64(blockBits)) }
        }
    }
}
