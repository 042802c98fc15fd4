/// Which file a file is, whatever it is called.
package struct FileIdentity: Hashable, Sendable {
    /// The file system's number.
    package var device: UInt64
    /// The file's number on it.
    package var inode: UInt64

    /// The file with these numbers.
    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}
