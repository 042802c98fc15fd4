package import VitrineFormats

/// A place on a disk that may be mounted: a partition, or the whole disk.
package struct MountCandidate: Sendable {
    /// The number of the partition. Nil for the whole disk.
    package let partition: Int?

    /// The place on the disk, in bytes.
    package let range: Range<UInt64>

    package let fileSystem: FileSystem

    /// The text that says why it is mounted, if that is clear before looking inside.
    package var reason: String?

    /// The words for it in messages.
    package var title: String { partition.map { "partition \($0)" } ?? "the whole disk" }

    /// The names that Linux has for kinds of file systems, where they differ from those of blkid.
    private static let linuxNames = ["ntfs": "ntfs3", "ufs": nil] as [String: String?]

    /// The kinds that Linux mounts.
    private static let mountable: Set<String> = [
        "bfs", "btrfs", "cramfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs", "hfs", "hfsplus",
        "iso9660", "jfs", "minix",
        "nilfs2", "ntfs", "reiserfs", "squashfs", "udf", "vfat", "xfs",
    ]

    /// The type of file system that the kernel is asked for. Nil if it cannot be mounted.
    var type: String? {
        guard Self.mountable.contains(fileSystem.kind) else { return nil }
        return fileSystem.kind == "ntfs" ? "ntfs3" : fileSystem.kind
    }

    /// True if the root of a Linux system may lie in it.
    var mayBeRoot: Bool { type != nil && !["exfat", "ntfs", "vfat"].contains(fileSystem.kind) }

    /// The parameters for the kernel. A journal is not replayed, as nothing can be written.
    var parameters: [DetachedMount.Parameter] {
        let skipsJournal = fileSystem.state == .journalToReplay
        switch fileSystem.kind {
        case "ext3", "ext4": return skipsJournal ? [("noload", nil)] : []
        // Another file system with the same UUID may be mounted: a copy, or the same image.
        case "xfs": return [("nouuid", nil)] + (skipsJournal ? [("norecovery", nil)] : [])
        case "btrfs": return skipsJournal ? [("rescue", "nologreplay")] : []
        default: return []
        }
    }

    /// A warning if what is shown may be old. Nil otherwise.
    package var warning: String? {
        guard fileSystem.state == .journalToReplay else { return nil }
        return
            "\(title) was not unmounted properly. Its journal is not replayed, so the newest files may be missing or old"
    }
}
