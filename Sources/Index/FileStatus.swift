import Glibc
import VitrineFormats

/// The facts about a file or folder, from the file system, that decide whether it is trusted or tidied away.
struct FileStatus: Sendable {
    let identity: FileIdentity
    /// The length in bytes.
    let size: UInt64
    /// The time when it was last written or touched, in nanoseconds since 1970.
    let modified: Int64
    private let mode: mode_t
    private let owner: uid_t

    init(_ status: stat) {
        identity = FileIdentity(status)
        size = UInt64(max(0, status.st_size))
        modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
        mode = status.st_mode
        owner = status.st_uid
    }

    var isRegularFile: Bool { mode & S_IFMT == S_IFREG }

    /// The reason not to trust what is in it. Nil if only this user can have written it.
    var distrust: String? {
        if owner != geteuid() { return "belongs to user \(owner), not to \(geteuid())" }
        if mode & (S_IWGRP | S_IWOTH) != 0 { return "other users may write to it" }
        return nil
    }
}
