import Glibc
import VitrineFormats

/// A directory of files whose sizes never change: what a FUSE connection shows.
///
/// It answers all requests but those for the content of a file.
struct FUSEFolder {
    /// A file, whose content is a disk or a part of one.
    struct File {
        /// What reads the file.
        enum Reader {
            /// A loop device, for a file system that keeps pages of its own. It drops an incomplete sector at the end.
            case loopDevice
            case programs
            /// fuse2fs, which takes the number of an error (up to e2fsprogs 1.47.0 at least) for a number of bytes that it has read.
            /// If it gets fewer bytes than it wants, that is an error for it.
            case fuse2fs
        }

        let name: String
        let source: any Source
        let reader: Reader

        /// The name of the logical volume that it is. Nil if it is none.
        let volume: String?

        /// A file of the content of `source`, for a loop device rounded up to whole sectors.
        init(name: String, source: any Source, for reader: Reader = .loopDevice, volume: String? = nil) {
            self.name = name
            self.volume = volume
            self.source = reader == .loopDevice ? roundedUp(source, to: 512) : source
            self.reader = reader
        }

        /// True if it is read without a copy in the page cache.
        ///
        /// A file system on a loop device has its own copy, and only then are reads answered side by side. For the page cache, a short
        /// read would be the end of the file. In all other cases, pages stay there, as files never change.
        var isDirect: Bool { reader != .programs }

        /// The reply that the request `unique` has failed.
        func failure(of unique: UInt64) -> FUSEReply {
            // Other codes become odd ones on the way through a loop device.
            reader == .fuse2fs ? FUSEReply(to: unique) : FUSEReply(to: unique, failure: EIO)
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
            return FUSEReply(to: unique, opened(directly: file.isDirect))
        case .openDirectory: return FUSEReply(to: unique, opened(directly: false))
        case .readDirectory: return FUSEReply(to: unique, try entries(request.arguments))
        case .fileSystemStatus: return FUSEReply(to: unique, status)
        case .release, .releaseDirectory, .flush, .synchronise: return FUSEReply(to: unique)
        case .read, .write, .seek: return FUSEReply(to: unique, failure: EISDIR)
        case nil: return FUSEReply(to: unique, failure: ENOSYS)
        }
    }

    // MARK: Bodies of replies

    /// `fuse_open_out`
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
        // Programs look for holes only if there are fewer blocks than the size needs, and take a file without blocks for one hole.
        let blocks = file?.reader == .programs ? max(1, size / 512) - (size >= 1024 ? 1 : 0) : size / 512
        for value in [node, size, blocks, 0, 0, 0] { writer.append(value) }
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
