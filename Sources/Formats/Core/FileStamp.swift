/// The facts that the file system has of a file. While they stay the same, so does the content, by all that can be told without
/// reading it.
package struct FileStamp: Hashable, Sendable {
    /// The file system's number.
    package var device: UInt64
    /// The file's number on it.
    package var inode: UInt64
    /// The length in bytes.
    package var size: UInt64
    /// The time when the content changed last, in nanoseconds since 1970, modulo 2^64.
    package var modified: Int64
    /// The time when the content, or one of these facts, changed last, in the same unit. No program sets it at will.
    package var changed: Int64

    /// The identity of the file, whatever is in it.
    package var identity: FileIdentity { FileIdentity(device: device, inode: inode) }

    /// A stamp of these numbers.
    package init(device: UInt64, inode: UInt64, size: UInt64, modified: Int64, changed: Int64) {
        self.device = device
        self.inode = inode
        self.size = size
        self.modified = modified
        self.changed = changed
    }
}
