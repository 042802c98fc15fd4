/// A kind of file system, or a family of them: the way to recognise its superblock, and to read it.
package struct FileSystemKind: Sendable {
    /// The name of the kind or family.
    package let name: String

    /// True if it holds file systems, and not files. The first superblock of a file system in it may lie at the start of the
    /// partition too, as in a member of a mirror. So it is looked for first, and believed.
    let isContainer: Bool

    /// Reads the superblock in an area. Returns nil if there is none of this kind.
    let read: @Sendable (SuperblockArea) throws(ImageError) -> FileSystem?

    init(
        _ name: String, isContainer: Bool = false,
        _ read: @escaping @Sendable (SuperblockArea) throws(ImageError) -> FileSystem?
    ) {
        self.name = name
        self.isContainer = isContainer
        self.read = read
    }

    /// All kinds, in the order of looking: containers first, as in libblkid (util-linux, libblkid/src/superblocks/superblocks.c).
    /// NTFS and exFAT have boot sectors that look like FAT's, so they come before it.
    package static let all: [FileSystemKind] = containers + fileSystems

    private static let containers: [FileSystemKind] = [
        FileSystemKind("linux_raid_member", isContainer: true, MDRaid.read),
        FileSystemKind(LVM2.kind, isContainer: true, LVM2.read),
        FileSystemKind("crypto_LUKS", isContainer: true, LUKS.read),
        FileSystemKind("bcache", isContainer: true, Bcachefs.readCache),
        FileSystemKind("others", isContainer: true, NamedOnly.readContainer),
    ]

    private static let fileSystems: [FileSystemKind] = [
        FileSystemKind("exfat", ExFAT.read),
        FileSystemKind("ntfs", NTFS.read),
        FileSystemKind("vfat", FAT.read),
        FileSystemKind("swap", Swap.read),
        FileSystemKind("xfs", XFS.read),
        FileSystemKind("ext", Ext.read),
        FileSystemKind("reiserfs", ReiserFS.read),
        FileSystemKind("jfs", JFS.read),
        FileSystemKind("udf", UDF.read),
        FileSystemKind("iso9660", ISO9660.read),
        FileSystemKind("hfsplus", HFSPlus.read),
        FileSystemKind("ufs", UFS.read),
        FileSystemKind("zfs_member", ZFS.read),
        FileSystemKind("squashfs", Squashfs.read),
        FileSystemKind("erofs", EROFS.read),
        FileSystemKind("cramfs", Cramfs.read),
        FileSystemKind("f2fs", F2FS.read),
        FileSystemKind("nilfs2", NILFS2.read),
        FileSystemKind("btrfs", Btrfs.read),
        FileSystemKind("bcachefs", Bcachefs.read),
        FileSystemKind("apfs", APFS.read),
        FileSystemKind("minix", Minix.read),
        FileSystemKind("others", NamedOnly.read),
    ]
}
