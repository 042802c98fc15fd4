import VitrineFormats

/// A file in an ext2, ext3 or ext4.
final class ExtNode: FileNode {
    private let files: ExtFiles
    let attributes: FileAttributes
    private let isEncrypted: Bool
    private let isInInode: Bool

    init(_ files: ExtFiles, _ attributes: FileAttributes, isEncrypted: Bool, isInInode: Bool) {
        self.files = files
        self.attributes = attributes
        self.isEncrypted = isEncrypted
        self.isInInode = isInInode
    }

    var isLost: Bool { files.isLost }

    func entries() throws(ImageError) -> [DirectoryEntry] {
        try files.entries(of: attributes.number)
    }

    func file(of entry: DirectoryEntry) throws(ImageError) -> any FileNode {
        try files.node(entry.number)
    }

    func file(named name: SystemString) throws(ImageError) -> (any FileNode)? {
        guard let number = try files.lookup(name, in: attributes.number) else { return nil }
        return try files.node(number)
    }

    func target() throws(ImageError) -> SystemString {
        try requirePlain()
        return try files.target(of: attributes.number)
    }

    func content() throws(ImageError) -> any Source {
        try requireRegular()
        try requirePlain()
        return isInInode
            ? try files.content(inInode: attributes.number, size: attributes.size)
            : try files.content(of: attributes.number, size: attributes.size)
    }

    func extendedAttributes() throws(ImageError) -> [ExtendedAttribute] {
        try files.attributes(of: attributes.number)
    }

    private func requirePlain() throws(ImageError) {
        guard isEncrypted else { return }
        throw ImageError(.unsupported, "is encrypted (fscrypt), and vitrine has no key")
    }
}
