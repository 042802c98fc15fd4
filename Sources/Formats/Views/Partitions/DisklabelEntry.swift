/// An entry of a BSD disklabel.
///
/// Layout, integers little-endian (FreeBSD sys/disk/bsd.h):
///
///      0  p_size    4   in sectors
///      4  p_offset  4   in sectors; see `Disklabel` for what it counts from
///      8  p_fsize   4   ignored
///     12  p_fstype  1   0 if the entry is not used
///     13  p_frag    1   ignored
///     14  p_cpg     2   ignored
struct DisklabelEntry {
    /// Names by type, as in fdisk (util-linux 2.38, `sfdisk --label bsd --list-types`). Later types have their names in
    /// FreeBSD, OpenBSD and NetBSD.
    static let typeNames: [UInt8: String] = [
        0x01: "swap",
        0x02: "Version 6",
        0x03: "Version 7",
        0x04: "System V",
        0x05: "4.1BSD",
        0x06: "Eighth Edition",
        0x07: "4.2BSD",
        0x08: "MS-DOS",
        0x09: "4.4LFS",
        0x0B: "HPFS",
        0x0C: "ISO-9660",
        0x0D: "boot",
        0x0E: "ADOS",
        0x0F: "HFS",
        0x10: "AdvFS",
        0x11: "ext2fs",
        0x12: "NTFS",
        0x1B: "ZFS",
    ]

    let size: UInt32
    let offset: UInt32
    let type: UInt8

    /// Reads the entry at index `place` of `fields`.
    init(_ fields: Fields, at place: Int) throws(ImageError) {
        size = try fields.little("p_size", at: place)
        offset = try fields.little("p_offset", at: place + 4)
        type = try fields.little("p_fstype", at: place + 12)
    }

    /// True if the entry is a partition. The entry for the whole disk has no type either.
    var isUsed: Bool { type != 0 }

    /// The type as Linux tools write it.
    var typeText: String { "0x" + hexDigits(type) }

    /// The sectors of the partition, with its offset counted from sector `origin`. Nil if it has none.
    ///
    /// `origin` comes from a 32-bit number as well, so the sum cannot overflow.
    func sectors(from origin: UInt64) -> ClosedRange<UInt64>? {
        guard size > 0 else { return nil }
        let first = origin + UInt64(offset)
        return first...first + UInt64(size) - 1
    }
}
