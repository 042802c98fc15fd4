/// The file systems of MINIX, versions 1 to 3.
///
/// Superblock at 1024, integers in the order of the maker's machine (Linux, include/uapi/linux/minix_fs.h). Versions 1 and 2, and, behind
/// the slash, version 3:
///
///      0 /  0  s_ninodes         2 / 4
///      2       s_nzones          2       version 1
///      4 /  6  s_imap_blocks     2
///      6 /  8  s_zmap_blocks     2
///     10 / 12  s_log_zone_size   2
///     16 / 24  s_magic           2
///     18       s_state           2       1 unmounted, 2 errors
///     20 / 20  s_zones           4       versions 2 and 3
///          28  s_blocksize       2
enum Minix {
    /// The version by its magic. The two of a version differ in the length of names.
    private static let versions: [UInt16: Int] = [0x137F: 1, 0x138F: 1, 0x2468: 2, 0x2478: 2]

    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        // The number of free inodes of an ext file system may look like the magic.
        guard !area.has([0x53, 0xEF], at: 1024 + 0x38), let block = area.block(at: 1024, count: 32) else {
            return nil
        }
        for isBig in [false, true] {
            let old: UInt16 = try block.number("s_magic", at: 16, isBig: isBig)
            if let version = versions[old] { return try read(block, version, isBig: isBig) }
            let new: UInt16 = try block.number("s_magic", at: 24, isBig: isBig)
            if new == 0x4D5A { return try read(block, 3, isBig: isBig) }
        }
        return nil
    }

    private static func read(_ block: Fields, _ version: Int, isBig: Bool) throws(ImageError) -> FileSystem? {
        func field<T: FixedWidthInteger>(_ name: StaticString, _ offset: Int) throws(ImageError) -> T {
            try block.number(name, at: offset, isBig: isBig)
        }
        let shift = version == 3 ? 2 : 0
        let inodes16: UInt16 = try field("s_ninodes", 0)
        let inodes32: UInt32 = try field("s_ninodes", 0)
        let zones16: UInt16 = try field("s_nzones", 2)
        let zones32: UInt32 = try field("s_zones", 20)
        let inodeMap: UInt16 = try field("s_imap_blocks", 4 + shift)
        let zoneMap: UInt16 = try field("s_zmap_blocks", 6 + shift)
        let zoneBits: UInt16 = try field("s_log_zone_size", 10 + shift)
        let blockSize: UInt16 = version == 3 ? try field("s_blocksize", 28) : 1024
        let inodes = version == 3 ? UInt64(inodes32) : UInt64(inodes16)
        let zones = version == 1 ? UInt64(zones16) : UInt64(zones32)
        // Two bytes are no proof: the maps must have room for everything.
        guard blockSize >= 1024, zoneBits <= 16, inodes > 0, zones > 0,
            UInt64(inodeMap) * UInt64(blockSize) * 8 > inodes,
            (UInt64(zoneMap) * UInt64(blockSize) * 8) << UInt64(zoneBits) >= zones
        else { return nil }
        var result = FileSystem("minix")
        result.variant = "version \(version)"
        result.size = zones * UInt64(blockSize) << UInt64(zoneBits)
        if version < 3 {
            let state: UInt16 = try field("s_state", 18)
            result.state = state & 2 != 0 ? .damaged : state & 1 != 0 ? .clean : .notUnmounted
        }
        return result
    }
}
