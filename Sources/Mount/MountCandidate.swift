package import VitrineFormats

/// A place on a disk that may be mounted: a partition, a logical volume, or the whole disk.
package struct MountCandidate: Sendable {
    /// The number of the partition. Nil for other places.
    package let partition: Int?

    /// The place on the disk, or in the logical volume, in bytes.
    package let range: Range<UInt64>

    package let fileSystem: FileSystem

    /// The text that says why it is mounted, if that is clear before looking inside.
    package var reason: String?

    /// Its entry in the partition table. Nil for other places.
    var entry: Partition?

    /// The logical volume that it is. Nil for other places.
    package var volume: LogicalVolume?

    /// The bytes of it on `disk`.
    package func content(of disk: any Source) throws(ImageError) -> any Source {
        if let source = volume?.source { return source }
        return try Slice(disk, range)
    }

    /// The words for it in messages.
    package var title: String {
        volume.map { "volume \($0.name)" } ?? partition.map { "partition \($0)" } ?? "the whole disk"
    }

    /// The kinds that Linux mounts.
    private static let mountable: Set<String> = [
        "bfs", "btrfs", "cramfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs", "hfs", "hfsplus",
        "iso9660", "jfs", "minix",
        "nilfs2", "ntfs", "reiserfs", "squashfs", "udf", "vfat", "xfs",
    ]

    /// The type of file system that the kernel is asked for. Nil if it cannot be mounted.
    package var type: String? {
        guard Self.mountable.contains(fileSystem.kind) else { return nil }
        return fileSystem.kind == "ntfs" ? "ntfs3" : fileSystem.kind
    }

    /// The program that shows it without root. Nil if there is none.
    package var program: FileSystemProgram? { FileSystemProgram(kind: fileSystem.kind) }

    /// True if the root of a Linux system may lie in it.
    var mayBeRoot: Bool { type != nil && !["exfat", "ntfs", "vfat"].contains(fileSystem.kind) }

    /// The words for its kind and label in lists: `ext4 "root"`.
    package var kind: String { fileSystem.kind + (fileSystem.label.map { " \"\(printable($0))\"" } ?? "") }

    /// What keeps it from being mounted, if its kind does.
    var obstacle: MountObstacle? {
        type == nil && volume == nil ? .kind(fileSystem.kind, partition: partition) : nil
    }

    /// The `error` of mounting it, with what may be the cause.
    func explained(_ error: MountError) -> MountError {
        guard let size = fileSystem.size, size > range.upperBound - range.lowerBound else { return error }
        return MountError(
            "\(error); it is larger than its place, so the image may be cut short", obstacles: error.obstacles
        )
    }

    /// The name of the folder for it, if all of the disk is mounted: that of its export, or of its device.
    package var folderName: String { volume?.mapperName ?? partition.map { "p\($0)" } ?? "disk" }

    /// The name of its file when the disk is served as files.
    package var fileName: String {
        volume?.name.replacing("/", with: "_") ?? partition.map { "p\($0)" } ?? "disk"
    }

    /// The ways to treat its journal, the best first. Without `replaying`, what it holds cannot be written anywhere.
    func journalUses(replaying: Bool) -> [JournalUse] {
        guard ["ext3", "ext4", "xfs", "btrfs"].contains(fileSystem.kind) else { return [.none] }
        let others = (replaying ? [JournalUse.replayed] : []) + [.skipped]
        // Not every superblock tells: of some, the kernel finds out.
        return fileSystem.state == .journalToReplay ? others : [.none] + others
    }

    /// The parameters for the kernel.
    func parameters(_ use: JournalUse) -> [DetachedMount.Parameter] {
        switch fileSystem.kind {
        case "ext3", "ext4": use == .skipped ? [("noload", nil)] : []
        // Another file system with the same UUID may be mounted: a copy, or the same image.
        case "xfs": [("nouuid", nil)] + (use == .skipped ? [("norecovery", nil)] : [])
        case "btrfs": use == .skipped ? [("rescue", "nologreplay")] : []
        default: []
        }
    }

    /// The options of mount(8) with which it is mounted, if its journal is treated as `use` says.
    package func options(_ use: JournalUse) -> [String] {
        parameters(use).map { key, value in value.map { "\(key)=\($0)" } ?? key }
    }
}
