import Glibc
import VitrineFormats

/// A directory of files whose sizes never change: what a FUSE connection shows.
///
/// It answers all requests but those to read and write a file.
struct FUSEFolder {
    /// A file, whose content is a disk or a part of one.
    struct File {
        let name: String
        let source: any Source

        /// A file of the content of `source`, rounded up to whole sectors, as a loop device drops an incomplete one.
        init(name: String, source: any Source) {
            self.name = name
            self.source = roundedUp(source, to: 512)
        }

        /// Its size in bytes.
        var size: UInt64 { source.size }

        /// The content, if it can be written to.
        var overlay: WriteOverlay? { source as? WriteOverlay }
    }

    /// The node of the directory. The files have the numbers that follow.
    private static let root: UInt64 = 1

    /// The time in seconds for which the kernel may keep names and attributes.
    private static let validity: UInt64 = 1 << 32

    let files: [File]

    /// The owner of all files.
    let user: UInt32
    let group: UInt32

    /// The file with the number `node`. Nil if there is none.
    func file(_ node: UInt64) -> File? {
        guard node > Self.root, node - Self.root <= UInt64(files.count) else { return nil }
        return files[Int(node - Self.root) - 1]
    }

    /// The reply to `request`. Nil if it gets none.
    ///
    /// Throws `corrupt` if the request is shorter than it must be.
    func reply(to request: FUSERequest) throws(ImageError) -> FUSEReply? {
        let unique = request.unique
        switch request.operation {
        case .initialise: return FUSEReply(to: unique, try FUSEOffer(request).body)
        case .forget, .forgetSeveral, .interrupt: return nil
        case .lookUp:
            let found = files.firstIndex { $0.name.utf8.elementsEqual(request.name) }
            guard request.node == Self.root, let found else { return FUSEReply(to: unique, failure: ENOENT) }
            return FUSEReply(to: unique, entry(Self.root + 1 + UInt64(found)))
        case .getAttributes:
            guard let attributes = attributes(request.node) else {
                return FUSEReply(to: unique, failure: ENOENT)
            }
            var writer = ByteWriter()
            writer.append(Self.validity)
            writer.append(UInt64(0))
            writer.append(attributes)
            return FUSEReply(to: unique, writer.bytes)
        case .open:
            let flags: UInt32 = try request.arguments.little("flags", at: 0)
            guard let file = file(request.node) else { return FUSEReply(to: unique, failure: ENOENT) }
            guard flags & UInt32(O_ACCMODE) == UInt32(O_RDONLY) || file.overlay != nil else {
                return FUSEReply(to: unique, failure: EROFS)
            }
            return FUSEReply(to: unique, opened(directly: true))
        case .openDirectory: return FUSEReply(to: unique, opened(directly: false))
        case .readDirectory: return FUSEReply(to: unique, try entries(request.arguments))
        case .fileSystemStatus: return FUSEReply(to: unique, status)
        case .release, .releaseDirectory, .flush, .synchronise: return FUSEReply(to: unique)
        case .read, .write: return FUSEReply(to: unique, failure: EISDIR)
        case nil: return FUSEReply(to: unique, failure: ENOSYS)
        }
    }

    // MARK: Bodies of replies

    /// `fuse_open_out`. A file is read `directly`, without a copy in the page cache: the file system on it has its own copy,
    /// and only then are reads answered side by side.
    private func opened(directly: Bool) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(UInt64(0))
        // FOPEN_DIRECT_IO, or FOPEN_KEEP_CACHE.
        writer.append(UInt32(directly ? 1 : 2))
        writer.append(UInt32(0))
        return writer.bytes
    }

    /// `fuse_entry_out` of a file.
    private func entry(_ node: UInt64) -> [UInt8] {
        var writer = ByteWriter()
        for value in [node, 0, Self.validity, Self.validity, 0] as [UInt64] { writer.append(value) }
        writer.append(attributes(node) ?? [])
        return writer.bytes
    }

    /// `fuse_attr`. Nil if there is no such node.
    private func attributes(_ node: UInt64) -> [UInt8]? {
        let file = file(node)
        guard file != nil || node == Self.root else { return nil }
        let size = file?.size ?? 0
        var writer = ByteWriter()
        for value in [node, size, size / 512, 0, 0, 0] { writer.append(value) }
        for _ in 0..<3 { writer.append(UInt32(0)) }
        let mode =
            file == nil ? UInt32(S_IFDIR) | 0o500 : UInt32(S_IFREG) | (file?.overlay == nil ? 0o400 : 0o600)
        for value in [mode, 1, user, group, 0, 4096, 0] { writer.append(value) }
        return writer.bytes
    }

    /// `fuse_dirent` of each file from the offset that the arguments (`fuse_read_in`) give, as far as they fit.
    private func entries(_ arguments: Fields) throws(ImageError) -> [UInt8] {
        let offset: UInt64 = try arguments.little("offset", at: 8)
        let limit: UInt32 = try arguments.little("size", at: 16)
        var writer = ByteWriter()
        for number in Int(clamping: offset)..<max(Int(clamping: offset), files.count + 2) {
            let name = number < 2 ? [".", ".."][number] : files[number - 2].name
            let isFile = number >= 2
            let size = (24 + name.utf8.count + 7) / 8 * 8
            guard writer.bytes.count + size <= Int(limit) else { break }
            let end = writer.bytes.count + size
            writer.append(isFile ? Self.root + UInt64(number) - 1 : Self.root)
            writer.append(UInt64(number + 1))
            writer.append(UInt32(name.utf8.count))
            // DT_REG or DT_DIR.
            writer.append(UInt32(isFile ? 8 : 4))
            writer.append(Array(name.utf8))
            writer.pad(to: end)
        }
        return writer.bytes
    }

    /// `fuse_kstatfs`: all blocks are taken.
    private var status: [UInt8] {
        let blocks = files.reduce(UInt64(0)) { $0.addingReportingOverflow($1.size / 4096).partialValue }
        var writer = ByteWriter()
        for value in [blocks, 0, 0, UInt64(files.count), 0] { writer.append(value) }
        for value in [4096, 255, 4096, 0] as [UInt32] { writer.append(value) }
        writer.pad(to: 80)
        return writer.bytes
    }
}
