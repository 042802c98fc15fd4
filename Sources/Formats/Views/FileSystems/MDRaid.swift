/// Members of the RAIDs of Linux (md).
///
/// Superblock of version 1, integers little-endian (Linux, include/uapi/linux/raid/md_p.h, `struct mdp_superblock_1`):
///
///       0  magic           4   a92b4efc
///       4  major_version   4
///      16  set_uuid       16
///      32  set_name       32
///      72  level           4
///      92  raid_disks      4
///     128  data_offset     8   in sectors, as the next two
///     136  data_size       8
///     144  super_offset    8   the place of this superblock
///
/// It lies at 4096 (version 1.2), at 0 (1.1) or near the end (1.0). Version 0.90 has another one, near the end too: see `MDRaid0`.
enum MDRaid {
    static let magic: UInt32 = 0xA92B_4EFC

    private static let names: [Int32: String] = [-4: "multipath", -1: "linear"]

    static func read(_ area: SuperblockArea) throws(ImageError) -> FileSystem? {
        if let found = try read(area, at: 0, "1.1") { return found }
        if let found = try read(area, at: 4096, "1.2") { return found }
        let sectors = area.size / 512
        guard sectors >= 16 else { return nil }
        if let found = try read(area, at: ((sectors - 16) & ~7) * 512, "1.0") { return found }
        return try MDRaid0.read(area)
    }

    private static func read(
        _ area: SuperblockArea, at place: UInt64, _ version: String
    ) throws(ImageError) -> FileSystem? {
        guard let block = area.block(at: place, count: 256) else { return nil }
        let magic: UInt32 = try block.little("magic", at: 0)
        let major: UInt32 = try block.little("major_version", at: 4)
        let start: UInt64 = try block.little("data_offset", at: 128)
        let count: UInt64 = try block.little("data_size", at: 136)
        let own: UInt64 = try block.little("super_offset", at: 144)
        // The superblock at the end of a partition is at the end of its disk too. Its sizes tell which of the two it is for.
        guard magic == Self.magic, major == 1, own == place / 512, let end = start.plus(count),
            end <= area.size / 512
        else { return nil }
        let level: Int32 = try block.little("level", at: 72)
        let disks: UInt32 = try block.little("raid_disks", at: 92)
        var result = FileSystem("linux_raid_member")
        result.variant = variant(version, level: level, disks: disks)
        result.label = try block.text("set_name", at: 32, count: 32)
        result.uuid = try block.uuid("set_uuid", at: 16)
        result.size = count * 512
        return result
    }

    /// The version, and the form of the array.
    static func variant(_ version: String, level: Int32, disks: UInt32) -> String {
        "\(version), \(names[level] ?? "raid\(level)") of \(disks)"
    }
}
