import CExtReader
package import VitrineFormats

/// The files of an ext2, ext3 or ext4, which needs neither root nor the kernel. A journal is not replayed.
package final class ExtFiles {
    private let reader: ExtReader
    private let source: any Source

    /// The inode of the root directory (ext4, "Special inodes").
    private static let rootNumber: UInt64 = 2

    /// The most bytes that describe a directory, a file's extents, and a file's attributes.
    private static let maximumDirectory = 256 << 20
    private static let maximumExtents = 64 << 20
    private static let maximumAttributes = 16 << 20

    /// Opens the file system in `source`, which a process at the other end of `channel` reads.
    ///
    /// Throws what is wrong with it.
    package init(_ source: any Source, _ channel: any ReaderChannel) throws(ImageError) {
        self.source = source
        reader = ExtReader(source, channel)
        _ = try reader.result(VITRINE_OPEN, source.size, limit: 0)
    }

    /// Opens the file system in `source`, which `program`, started once more, reads.
    package convenience init(_ source: any Source) throws(ImageError) {
        try self.init(source, ReaderProcess())
    }

    /// The tree of its files.
    package var tree: FileTree {
        get throws(ImageError) { FileTree(root: try node(Self.rootNumber)) }
    }

    /// True if nothing can be read any more.
    var isLost: Bool { reader.isLost }

    /// The file with the inode `number`.
    func node(_ number: UInt64) throws(ImageError) -> ExtNode {
        let fields = Fields(
            try reader.result(VITRINE_INODE, number, limit: MemoryLayout<vitrine_inode>.size), at: 0)
        let mode: UInt32 = try fields.little("mode", at: 20)
        guard let kind = FileAttributes.Kind(mode: mode) else {
            throw ImageError(
                .corrupt, "the mode of inode \(number) is \(hex(mode)), which is no kind of file")
        }
        let size: UInt64 = try fields.little("size", at: 0)
        guard size <= UInt64(Int64.max) else {
            throw ImageError(.corrupt, "the size of inode \(number) is \(size)")
        }
        let attributes = FileAttributes(
            kind: kind, permissions: mode, user: try fields.little("user", at: 24),
            group: try fields.little("group", at: 28), size: size,
            seconds: try fields.little("seconds", at: 8),
            nanoseconds: try fields.little("nanoseconds", at: 16),
            links: try fields.little("links", at: 32), major: try fields.little("major", at: 36),
            minor: try fields.little("minor", at: 40), number: number)
        let flags: UInt32 = try fields.little("flags", at: 44)
        return ExtNode(
            self, attributes, isEncrypted: flags & UInt32(VITRINE_ENCRYPTED.rawValue) != 0,
            isInInode: flags & UInt32(VITRINE_IN_INODE.rawValue) != 0)
    }

    /// The inode called `name` in the directory `number`. Nil if there is none.
    func lookup(_ name: SystemString, in number: UInt64) throws(ImageError) -> UInt64? {
        let bytes = try reader.result(VITRINE_LOOKUP, number, name, limit: 4)
        guard !bytes.isEmpty else { return nil }
        let found: UInt32 = try Fields(bytes, at: 0).little("inode", at: 0)
        return UInt64(found)
    }

    /// The entries of the directory `number`.
    func entries(of number: UInt64) throws(ImageError) -> [DirectoryEntry] {
        let fields = Fields(
            try reader.result(VITRINE_LIST, number, limit: Self.maximumDirectory), at: 0)
        var entries: [DirectoryEntry] = []
        var position = 0
        while position < fields.bytes.count {
            let inode: UInt32 = try fields.little("inode", at: position)
            let length: UInt32 = try fields.little("length of name", at: position + 4)
            let name = try fields.slice("name", at: position + 8, count: Int(length))
            position += 8 + name.count
            if name == [UInt8(ascii: ".")] || name == Array("..".utf8) { continue }
            guard !name.isEmpty, !name.contains(0), !name.contains(UInt8(ascii: "/")) else {
                throw ImageError(
                    .corrupt, "a directory has the entry \"\(printable(name))\", which is no name of a file")
            }
            entries.append(DirectoryEntry(name: SystemString(bytes: name), number: UInt64(inode)))
        }
        return entries
    }

    /// The target of the symbolic link `number`.
    func target(of number: UInt64) throws(ImageError) -> SystemString {
        let bytes = try reader.result(VITRINE_LINK, number, limit: 4096)
        // What comes behind a NUL does not count for the kernel.
        return SystemString(bytes: bytes.prefix { $0 != 0 })
    }

    /// The content of `size` bytes of the file `number`.
    func content(of number: UInt64, size: UInt64) throws(ImageError) -> any Source {
        let fields = Fields(
            try reader.result(VITRINE_EXTENTS, number, limit: Self.maximumExtents), at: 0)
        return try ExtContent(source, fields, size: size)
    }

    /// The content of `size` bytes that lies in the inode `number`.
    func content(inInode number: UInt64, size: UInt64) throws(ImageError) -> any Source {
        let bytes = try reader.result(VITRINE_INLINE, number, limit: 64 << 10)
        // The kernel reads zeroes behind what the inode holds. mke2fs makes such inodes of files that end in a hole.
        return zeroPadded(MemorySource(Array(bytes.prefix(Int(clamping: size)))), to: size)
    }

    /// The extended attributes of the file `number`.
    func attributes(of number: UInt64) throws(ImageError) -> [ExtendedAttribute] {
        let fields = Fields(
            try reader.result(VITRINE_ATTRIBUTES, number, limit: Self.maximumAttributes), at: 0)
        var attributes: [ExtendedAttribute] = []
        var position = 0
        while position < fields.bytes.count {
            let nameLength: UInt32 = try fields.little("length of name", at: position)
            let valueLength: UInt32 = try fields.little("length of value", at: position + 4)
            let name = try fields.slice("name", at: position + 8, count: Int(nameLength))
            let value = try fields.slice("value", at: position + 8 + name.count, count: Int(valueLength))
            position += 8 + name.count + value.count
            attributes.append(ExtendedAttribute(SystemString(bytes: name.filter { $0 != 0 }), value))
        }
        return attributes
    }
}
