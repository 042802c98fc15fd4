package import Glibc

/// Which file a file is, whatever it is called.
package struct FileIdentity: Hashable, Sendable {
    /// The file system's number.
    package var device: UInt64
    /// The file's number on it.
    package var inode: UInt64

    /// That of the file of which the system says `status`.
    package init(_ status: stat) {
        self.init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    /// The file with these numbers.
    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}
