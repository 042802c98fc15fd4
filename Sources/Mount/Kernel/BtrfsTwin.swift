import Glibc

/// Another btrfs that is mounted and has the same UUID.
///
/// Linux before 6.7 takes both for the same, so that one might show the files of the other.
enum BtrfsTwin {
    private static let folder = "/sys/fs/btrfs"

    /// Throws if a btrfs with the `uuid` is mounted, and the kernel does not tell the two apart.
    static func requireNone(_ uuid: String) throws(MountError) {
        guard !exists("\(folder)/features/temp_fsid"), exists("\(folder)/\(uuid)") else { return }
        throw MountError(
            "a btrfs with the same UUID, \(uuid), is mounted already, and this kernel (older than 6.7) takes both for the same: "
                + "unmount that first")
    }

    private static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }
}
