/// XFS.
///
/// Superblock at 0, integers big-endian (Linux, fs/xfs/libxfs/xfs_format.h, `struct xfs_dsb`); some fields:
///
///       4  sb_blocksize          4
///       8  sb_dblocks            8
///      32  sb_uuid              16
///     100  sb_versionnum         2   its low 4 bits are the version
///     102  sb_sectsize           2
///     108  sb_fname             12
///     144  sb_fdblocks           8   free blocks
///     224  sb_crc                4   little-endian, of a sector; version 5
enum XFS {
    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        guard area.has("XFSB", at: 0), let block = area.block(at: 0, count: 512) else { return nil }
        var result = FileSystem("xfs")
        result.label = try block.text("sb_fname", at: 108, count: 12)
        result.uuid = try block.uuid("sb_uuid", at: 32)
        let version: UInt16 = try block.big("sb_versionnum", at: 100)
        result.variant = "V\(version & 0xF)"
        let unit: UInt32 = try block.big("sb_blocksize", at: 4)
        // Linux: XFS_MIN_BLOCKSIZE, XFS_MAX_BLOCKSIZE.
        guard (512...65536).contains(unit), unit.nonzeroBitCount == 1 else {
            result.state = .damaged
            return result
        }
        let blocks: UInt64 = try block.big("sb_dblocks", at: 8)
        let free: UInt64 = try block.big("sb_fdblocks", at: 144)
        result.size = blocks.times(UInt64(unit))
        if version & 0xF == 5, try !hasChecksum(block, area) {
            result.state = .damaged
        } else if let log = try XFSLog(block) {
            result.state = try log.state(in: area)
        }
        result.use(total: blocks, free: free, unit: UInt64(unit))
        return result
    }

    /// True if the checksum of the superblock's sector is right.
    private static func hasChecksum(_ block: Fields, _ area: SuperblockArea) throws(ImageError) -> Bool {
        let size: UInt16 = try block.big("sb_sectsize", at: 102)
        guard (512...32768).contains(size), let sector = area.block(at: 0, count: Int(size)) else {
            return false
        }
        let stored: UInt32 = try block.little("sb_crc", at: 224)
        return stored == CRC32C.of(sector.bytes[..<224] + [0, 0, 0, 0] + sector.bytes[228...])
    }
}
