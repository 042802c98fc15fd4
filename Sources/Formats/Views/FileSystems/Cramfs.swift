/// cramfs.
///
/// Superblock at 0 or 512, integers in the order of the maker's machine (Linux, include/uapi/linux/cramfs_fs.h,
/// `struct cramfs_super`); some fields:
///
///       0  magic       4   28cd3d45
///       4  size        4
///      16  signature  16   "Compressed ROMFS"
///      48  name       16
enum Cramfs {
    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        for place in [0, 512] {
            let isBig = area.has([0x28, 0xCD, 0x3D, 0x45], at: place)
            guard isBig || area.has([0x45, 0x3D, 0xCD, 0x28], at: place),
                area.has("Compressed ROMFS", at: place + 16),
                let block = area.block(at: UInt64(place), count: 64)
            else { continue }
            var result = FileSystem("cramfs")
            result.state = .readOnly
            result.label = try block.text("name", at: 48, count: 16)
            let size: UInt32 = try block.number("size", at: 4, isBig: isBig)
            if size > 0 { result.size = UInt64(size) }
            result.used = result.size
            return result
        }
        return nil
    }
}
