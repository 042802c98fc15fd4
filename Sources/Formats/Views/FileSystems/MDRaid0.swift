/// Members of RAIDs of Linux with a superblock of version 0.90.
///
/// In the last but one 64 KiB, integers in the order of the maker's machine (Linux, include/uapi/linux/raid/md_p.h,
/// `struct mdp_superblock_s`):
///
///      0  md_magic        4   a92b4efc
///      4  major_version   4   0
///      8  minor_version   4   90
///     20  set_uuid0       4
///     28  level           4
///     32  size            4   in KiB
///     40  raid_disks      4
///     52  set_uuid1      12
enum MDRaid0 {
    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        let end = area.size & ~0xFFFF
        guard end >= 0x20000, let block = area.block(at: end - 0x10000, count: 256) else { return nil }
        let magic: UInt32 = try block.little("md_magic", at: 0)
        guard magic == MDRaid.magic || magic.byteSwapped == MDRaid.magic else { return nil }
        let isBig = magic != MDRaid.magic
        let major: UInt32 = try block.number("major_version", at: 4, isBig: isBig)
        let size: UInt32 = try block.number("size", at: 32, isBig: isBig)
        // It has no place of its own to compare: only a size that does not fit tells that it is for something else.
        guard major == 0, UInt64(size) * 1024 <= end - 0x10000 else { return nil }
        var result = FileSystem("linux_raid_member")
        let level: Int32 = try block.number("level", at: 28, isBig: isBig)
        let disks: UInt32 = try block.number("raid_disks", at: 40, isBig: isBig)
        result.variant = MDRaid.variant("0.90", level: level, disks: disks)
        var bytes: [UInt8] = []
        for offset in [20, 52, 56, 60] {
            let word: UInt32 = try block.number("set_uuid", at: offset, isBig: isBig)
            for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        if bytes.contains(where: { $0 != 0 }) { result.uuid = uuidText(bytes) }
        if size > 0 { result.size = UInt64(size) * 1024 }
        return result
    }
}
