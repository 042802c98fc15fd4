/// SquashFS.
///
/// Superblock at 0, integers little-endian, before version 4 also big-endian (squashfs-tools, squashfs_fs.h,
/// `struct squashfs_super_block`); some fields:
///
///       0  s_magic       4   "hsqs", or "sqsh"
///      20  compression   2   version 4
///      28  s_major       2
///      30  s_minor       2
///      40  bytes_used    8   version 4
enum Squashfs {
    private static let compressions = [1: "gzip", 2: "lzma", 3: "lzo", 4: "xz", 5: "lz4", 6: "zstd"]

    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        let isBig = area.has("sqsh", at: 0)
        guard isBig || area.has("hsqs", at: 0), let block = area.block(at: 0, count: 96) else { return nil }
        let major: UInt16 = try block.number("s_major", at: 28, isBig: isBig)
        let minor: UInt16 = try block.number("s_minor", at: 30, isBig: isBig)
        guard major >= 4 else {
            var result = FileSystem("squashfs3")
            result.variant = "\(major).\(minor)"
            result.state = .readOnly
            return result
        }
        var result = FileSystem("squashfs")
        result.state = .readOnly
        let compression: UInt16 = try block.number("compression", at: 20, isBig: isBig)
        result.variant = compressions[Int(compression)] ?? "compression \(compression)"
        let size: UInt64 = try block.number("bytes_used", at: 40, isBig: isBig)
        result.size = size
        result.used = size
        return result
    }
}
