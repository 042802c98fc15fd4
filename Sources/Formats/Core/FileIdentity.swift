package import Glibc

/// The identity of a file, whatever its name is.
package struct FileIdentity: Hashable, Sendable {
    /// The file system's number.
    package var device: UInt64
    /// The file's number on it.
    package var inode: UInt64

    /// The identity of the file that has the system's `status`.
    package init(_ status: stat) {
        self.init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    /// The file with these numbers.
    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}
