import Glibc
import Synchronization

/// Decides which of the files that an image names are opened, and opens them: for one image, and for all those files' own
/// references.
///
/// openat2 with RESOLVE_BENEATH follows names, from directories that were opened when the image was. So neither `..` nor a symbolic
/// link leads out of them, even while somebody moves directories about.
package final class ReferenceGate: Sendable {
    /// The most symbolic links, out of one directory and into another, that are followed for one name: as many as Linux follows.
    private static let maximumLinks = 40

    /// The context that the image was opened with.
    let context: OpenContext
    let referenceFormat: String?

    let policy: ReferencePolicy
    private let image: ReferencePath
    private let imageFile: FileIdentity?
    let allowed: [Directory]
    private let backingFiles: [SystemString]
    private let opened = Mutex(Opened())

    private struct Opened {
        var count = 0
        /// The number of backing files that the user named and that are in use.
        var backingFiles = 0
        var warnings: [String] = []
    }

    /// The gate of the image called `name` in `directory`. `file` is its identity, or nil for a device. `opener` opens what is in
    /// files, if given.
    ///
    /// Throws `io` if an allowed directory cannot be opened, and `unsupported` if the format to assume for other files does not
    /// exist.
    init(
        _ directory: Directory, _ name: SystemString, _ file: FileIdentity?, _ options: OpenOptions,
        opener: (any Opener)? = nil
    ) throws(ImageError) {
        var context = options.context
        context.opener = opener ?? context.opener
        self.context = context
        referenceFormat = options.referenceFormat
        policy = options.references
        backingFiles = options.backingFiles
        image = ReferencePath(directory: directory, path: PathName(name.bytes))
        imageFile = file
        // A device has no directory of its own: its directory holds all other devices, too.
        var allowed = imageFile == nil ? [] : [directory]
        if case .folders(let paths) = policy {
            for path in paths {
                try inside("allowed directory \(path)") { () throws(ImageError) in
                    allowed.append(try Directory(path: path))
                }
            }
        }
        self.allowed = allowed
        if let name = referenceFormat {
            try inside("format of references") { () throws(ImageError) in
                _ = try context.opener.format(named: name)
            }
        }
    }

    /// The references of the image itself, which is `file`.
    func references(of file: ImageFile) -> any References {
        ReferenceChain(self, file, image, files: imageFile.map { [$0] } ?? [], depth: 0)
    }

    /// The texts that the user should know before relying on them, a sentence each.
    var warnings: [String] { opened.withLock { $0.warnings } }

    /// Takes texts that the user should know.
    func warn(_ warnings: [String]) {
        opened.withLock { $0.warnings += warnings }
    }

    /// True if the user named the backing file, or the parent, of the file that is `depth` references away from the image.
    func hasBackingFile(at depth: Int) -> Bool { backingFiles.indices.contains(depth) }

    /// Opens the file that the user named as the backing file, or the parent, of the file that is `depth` references away from the
    /// image. Nil if the user named none. The user may name any file, as for the image itself.
    func openBackingFile(
        at depth: Int
    ) throws(ImageError) -> (
        file: FileSource, identity: FileIdentity?, place: ReferencePath, name: String?
    )? {
        guard hasBackingFile(at: depth) else { return nil }
        let path = backingFiles[depth]
        let (folder, name) = Directory.split(path)
        let (directory, file) = try inside("given backing file \(path)") { () throws(ImageError) in
            let directory = try Directory(path: folder)
            return (directory, try directory.file(named: name))
        }
        opened.withLock { $0.backingFiles = max($0.backingFiles, depth + 1) }
        let place = ReferencePath(directory: directory, path: PathName(name.bytes))
        return (file, file.identity, place, path.description)
    }

    /// Throws `unsupported` if the user named a backing file that nothing asked for.
    func requireUseOfBackingFiles() throws(ImageError) {
        let used = opened.withLock { $0.backingFiles }
        guard used < backingFiles.count else { return }
        throw ImageError(
            .unsupported,
            used == 0
                ? "the image names no backing file or parent outside of itself, so \(backingFiles[0]) cannot be one"
                : "only \(used) of the \(backingFiles.count) given backing files are needed: the last of them names no other"
        )
    }

    /// Opens the file that `reference` names in the file at `place`, for reading. If nothing is there, opens another with the last
    /// component of that name, but not one of `files`, which led here.
    ///
    /// Throws `refused` unless it is a regular file that the user has allowed, `io` if it cannot be opened, and `limit` if too many
    /// are open.
    func open(
        _ reference: Reference, from place: ReferencePath, after files: Set<FileIdentity> = []
    ) throws(ImageError) -> (file: FileSource, identity: FileIdentity, place: ReferencePath) {
        try reference.requireFileName()
        guard policy != .none else {
            throw reference.error(
                .refused, "is not opened, as no file is",
                remedy: Remedy(
                    .allowedDirectories, "directory", "allows those in the image's directory"))
        }
        guard !allowed.isEmpty else {
            throw reference.error(
                .refused, "is not opened, as the image is a device",
                remedy: Remedy(.allowedDirectories, "DIR", "allows a directory"))
        }
        let found: (descriptor: Descriptor, place: ReferencePath)
        do throws(Directory.Failure) {
            guard let path = reference.path else { throw .system(ENOENT) }
            var links = 0
            found = try find(path, from: place, links: &links)
        } catch {
            guard isMissing(reference, from: place, error) else { throw self.error(error, reference) }
            guard let other = find(likely: reference, from: place, after: files) else {
                throw missing(reference, from: place, error)
            }
            found = other
        }
        let file = try read(found.descriptor, reference)
        guard let identity = file.identity else {
            throw reference.error(.refused, "is not a regular file")
        }
        try count(reference)
        return (file, identity, found.place)
    }

    private func count(_ reference: Reference) throws(ImageError) {
        let isOneTooMany = opened.withLock { opened in
            if opened.count == Reference.maximumFiles { return true }
            opened.count += 1
            return false
        }
        guard !isOneTooMany else {
            throw reference.error(
                .limit,
                "is not opened: vitrine opens at most \(Reference.maximumFiles) other files for an image")
        }
    }

    // MARK: Finding

    /// Finds what `name` means in the file at `place`, and the path to it. Adds the links it followed to `links`.
    func find(
        _ name: PathName, from place: ReferencePath, links: inout Int
    ) throws(Directory.Failure) -> (Descriptor, ReferencePath) {
        if !name.isAbsolute, allowed.contains(where: { $0 === place.directory }) {
            let near = ReferencePath(directory: place.directory, path: name.from(place.path.directory))
            if let found = try descriptor(at: near, links: &links) { return (found, near) }
        }
        // From one allowed directory the name may lead into another.
        for far in places(of: name, from: place) {
            if let found = try descriptor(at: far, links: &links) { return (found, far) }
        }
        throw .leadsOut
    }

    /// Opens what is at `place`. Nil if that leads out of its directory, and into no other that is allowed.
    func descriptor(
        at place: ReferencePath, links: inout Int
    ) throws(Directory.Failure) -> Descriptor? {
        do {
            return try place.directory.place(place.path)
        } catch .leadsOut {
            guard let target = place.directory.link(at: place.path) else { return nil }
            links += 1
            guard links <= Self.maximumLinks else { throw .system(ELOOP) }
            do {
                return try find(target, from: place, links: &links).0
            } catch .leadsOut {
                return nil
            }
        }
    }

    /// The places within the allowed directories that `name` in the file at `place` stands for by their paths.
    private func places(of name: PathName, from place: ReferencePath) -> [ReferencePath] {
        var whole = name
        if !name.isAbsolute {
            guard let directory = place.directory.path(of: place.path.directory) else { return [] }
            whole = name.resolved(from: directory)
        }
        return allowed.flatMap { directory in
            directory.paths.compactMap { whole.relative(to: $0) }
                .map { ReferencePath(directory: directory, path: $0) }
        }
    }

    /// The error for `reference`, which was not found.
    func error(_ failure: Directory.Failure, _ reference: Reference) -> ImageError {
        switch failure {
        case .leadsOut:
            let others = allowed.count > 1 ? " and those that are allowed" : ""
            return reference.error(
                .refused, "lies outside the image's directory\(others)",
                remedy: Remedy(.allowedDirectories, "DIR", "allows another directory"))
        // Some containers answer EPERM to system calls that they do not know.
        case .system(ENOSYS), .system(EPERM):
            return reference.error(
                .refused,
                "is not opened: this system has no openat2 (Linux 5.6 or later), or forbids it. Without it, "
                    + "the name could lead out of the allowed directories")
        case .system(EMFILE):
            return reference.error(
                .limit,
                "cannot be opened: this process has reached its limit of open files (ulimit -n; hard limit: "
                    + "ulimit -Hn)"
            )
        case .system(let code):
            return ImageError(.io, systemMessage(code), path: [reference.text])
        }
    }

    // MARK: Opening

    /// Opens what is at `descriptor` for reading, if it is a regular file. Anything else is not even opened, because opening does
    /// things to some devices, and waits for some pipes.
    private func read(_ descriptor: Descriptor, _ reference: Reference) throws(ImageError) -> FileSource {
        let kind = try inside(reference.text) { () throws(ImageError) in
            try descriptor.status().st_mode & S_IFMT
        }
        guard kind == S_IFREG else {
            throw reference.error(.refused, "is \(Self.name(of: kind)); only regular files are opened")
        }
        // By way of /proc, which opens the very file that has been looked at.
        let file = unsafe Glibc.open(descriptor.procName, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard file >= 0 else { throw error(.system(errno), reference) }
        return try inside(reference.text) { () throws(ImageError) in try FileSource(descriptor: file) }
    }

    private static func name(of kind: mode_t) -> String {
        switch kind {
        case S_IFDIR: "a directory"
        case S_IFIFO: "a named pipe"
        case S_IFSOCK: "a socket"
        case S_IFBLK: "a block device"
        case S_IFCHR: "a character device"
        default: "something else"
        }
    }
}
