/// A file system, or something else with a superblock that fills a partition: swap, an encrypted volume, a member of an array.
///
/// Everything but the kind is a claim of the image. It may be wrong, and texts may hold any characters.
package struct FileSystem: Equatable, Sendable {
    /// The state in which it was left.
    package enum State: String, Equatable, Sendable {
        /// Unmounted properly, or of a kind that is consistent at any time.
        case clean
        /// A journal holds changes that are not in their places: without a replay, files may be missing, or old.
        case journalToReplay
        /// Not unmounted, and without a journal that would help.
        case notUnmounted
        /// It has noted an error in itself, or a checksum of its superblock is wrong.
        case damaged
        /// Never written after it was made.
        case readOnly
        /// Its content is encrypted.
        case encrypted
        /// Swap that holds the memory of a hibernated system.
        case hibernated
        /// Not told by the superblock, or by what was read.
        case unknown
    }

    /// The name of the kind, as blkid gives it: `ext4`, `vfat`, `crypto_LUKS`.
    package let kind: String

    /// A version, or what else tells it from others of its kind: `FAT32`, `LUKS2`, the compression of squashfs.
    package var variant: String?

    /// Its name. Nil if it has none.
    package var label: String?

    /// Its identifier, written as blkid does: a UUID, `8E42-259A` of FAT, a time of ISO 9660. Nil if it has none.
    package var uuid: String?

    /// Its size in bytes. Nil if it is not known, or impossible. May be larger than the partition, if that was cut off.
    package var size: UInt64?

    /// The number of bytes that are taken. Nil if it is not known: a file system that is not clean has stale counts.
    package var used: UInt64?

    /// The state in which it was left.
    package var state = State.unknown

    /// The kinds of other superblocks that are there, and are no worse than this one. If there are any, nothing tells what the
    /// partition really holds.
    package var rivals: [String] = []

    /// A file system of `kind`, of which nothing else is known.
    package init(_ kind: String) {
        self.kind = kind
    }

    /// Sets the use that counts of blocks tell, if they can be trusted: after a crash they are stale. Impossible ones tell nothing.
    mutating func use(total: UInt64, free: UInt64, unit: UInt64) {
        guard state == .clean || state == .readOnly, free <= total else { return }
        used = (total - free).times(unit)
    }
}
