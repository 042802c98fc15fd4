package import VitrineFormats

/// A file of any kind in a file system, open for reading. Of one thread.
package protocol FileNode: AnyObject {
    var attributes: FileAttributes { get }

    /// True if nothing of its file system can be read any more.
    var isLost: Bool { get }

    /// The entries of a directory, without `.` and `..`. No name is empty, or holds a slash or a NUL.
    func entries() throws(ImageError) -> [DirectoryEntry]

    /// The file of an entry that `entries` has given.
    func file(of entry: DirectoryEntry) throws(ImageError) -> any FileNode

    /// The file called `name` in a directory. Nil if there is none.
    func file(named name: SystemString) throws(ImageError) -> (any FileNode)?

    /// The target of a symbolic link.
    func target() throws(ImageError) -> SystemString

    /// The content of a regular file. Its extents tell what is a hole.
    func content() throws(ImageError) -> any Source

    /// The extended attributes (xattr(7)), with the access control lists among them.
    func extendedAttributes() throws(ImageError) -> [ExtendedAttribute]
}

/// A name in a directory, and the number of the inode that it leads to.
package struct DirectoryEntry: Equatable, Sendable {
    package let name: SystemString
    package let number: UInt64
}

/// An attribute that a file has under a name such as `security.capability`.
package struct ExtendedAttribute: Equatable, Sendable {
    package let name: SystemString
    package let value: [UInt8]

    package init(_ name: SystemString, _ value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

extension FileNode {
    package var isLost: Bool { false }

    /// Throws `unsupported` unless it is a file that has a content.
    func requireRegular() throws(ImageError) {
        guard attributes.kind == .regular else {
            throw ImageError(.unsupported, "is a \(attributes.kind.rawValue), and no file with a content")
        }
    }

    /// The first `limit` bytes of the content of a regular file.
    package func start(limit: Int) throws(ImageError) -> [UInt8] {
        let content = try content()
        return try content.bytes(at: 0, count: Int(min(UInt64(limit), content.size)))
    }
}
