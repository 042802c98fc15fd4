import Glibc
import VitrineFormats

/// A folder that is open: what is found in it stays in it, whatever happens to its path meanwhile.
///
/// With `NewFile`, the place of this module's system calls.
final class Folder: Sendable {
    /// How it was opened, for messages.
    let path: SystemString
    private let descriptor: Int32

    private init(_ path: SystemString, _ descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// The folder and the name in it that `path` stands for, symbolic links resolved; as it is said where there
    /// is nothing yet.
    static func split(_ path: SystemString) -> (folder: SystemString, name: SystemString) {
        var whole = path
        if let resolved = unsafe realpath(path.terminated, nil) {
            whole = unsafe SystemString(cString: resolved)
            unsafe free(resolved)
        }
        let (folder, name) = whole.splitAtLastSlash
        if folder.bytes.isEmpty { return (".", name) }
        return (folder == "/" ? folder : SystemString(bytes: folder.bytes.dropLast()), name)
    }

    /// The folder at `path`; nil where nothing is.
    ///
    /// Throws `io` where it cannot be opened.
    static func open(_ path: SystemString) throws(ImageError) -> Folder? {
        let descriptor = unsafe Glibc.open(path.terminated, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw ImageError(.io, "\(path): \(systemMessage(errno))")
        }
        return Folder(path, descriptor)
    }

    /// The folder at `path`, which is made where there is none, as are those it lies in: for this user alone.
    ///
    /// Throws `io` where that fails.
    static func make(_ path: SystemString) throws(ImageError) -> Folder {
        if let folder = try open(path) { return folder }
        var part: SystemString = path.isAbsolutePath ? "" : "."
        for name in path.names {
            part = part + "/" + name
            if unsafe mkdir(part.terminated, 0o700) != 0, errno != EEXIST {
                throw ImageError(.io, "\(part): \(systemMessage(errno))")
            }
        }
        guard let folder = try open(path) else { throw ImageError(.io, "\(path): \(systemMessage(ENOENT))") }
        return folder
    }

    /// Whether a folder is at `path` that belongs to this user.
    static func isOurs(_ path: SystemString) -> Bool {
        var status = stat()
        return unsafe stat(path.terminated, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            && status.st_uid == geteuid()
    }

    /// Whether the folder at `path`, or the nearest above it that is there, belongs to this user.
    static func nearestIsOurs(_ path: SystemString) -> Bool {
        var part = path
        while true {
            var status = stat()
            if unsafe stat(part.terminated, &status) == 0 { return status.st_uid == geteuid() }
            guard errno == ENOENT else { return false }
            let folder = part.splitAtLastSlash.folder
            guard !folder.bytes.isEmpty else { return false }
            part = folder == "/" ? folder : SystemString(bytes: folder.bytes.dropLast())
            if part == "/" { return geteuid() == 0 }
        }
    }

    /// Throws `refused` where others than this user can have put something into the folder.
    func requireTrust() throws(ImageError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure(nil) }
        if let reason = FileStatus(status).distrust { throw ImageError(.refused, "\(path): \(reason)") }
    }

    /// The names in it, in order.
    func names() -> [SystemString] {
        // A descriptor of its own: the stream takes it over, and moves its offset.
        let copy = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = unsafe fdopendir(copy) else {
            if copy >= 0 { close(copy) }
            return []
        }
        defer { unsafe closedir(stream) }
        var names: [SystemString] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe SystemString(bytes: bytes.prefix { $0 != 0 })
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }

    /// What is called `name`, a link not followed; nil where nothing is.
    func status(of name: SystemString) -> FileStatus? {
        var status = stat()
        guard unsafe fstatat(descriptor, name.terminated, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            return nil
        }
        return FileStatus(status)
    }

    /// The regular file called `name`, open for reading; nil where nothing is called so.
    ///
    /// Throws `io` where it cannot be opened, and `refused` for what is no regular file and, if it `mustBeOurs`,
    /// for what others than this user can have written.
    func file(
        _ name: SystemString, mustBeOurs: Bool
    ) throws(ImageError) -> (file: FileSource, status: FileStatus)? {
        let file = unsafe openat(descriptor, name.terminated, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            if errno == ELOOP { throw ImageError(.refused, "\(path)/\(name): is a symbolic link") }
            throw failure(name)
        }
        let found = try Self.status(of: file, failure(name))
        let problem = found.isRegularFile ? (mustBeOurs ? found.distrust : nil) : "is not a file"
        if let problem {
            close(file)
            throw ImageError(.refused, "\(path)/\(name): \(problem)")
        }
        return (try FileSource(descriptor: file), found)
    }

    /// A new file, open for reading and writing; for this user alone, or for whom the umask allows if it `isPublic`.
    ///
    /// Throws `io` where it cannot be made, or where something is called `name`.
    func create(
        _ name: SystemString, isPublic: Bool
    ) throws(ImageError) -> (descriptor: Int32, identity: FileStatus.Identity) {
        let file = unsafe openat(
            descriptor, name.terminated, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
            isPublic ? 0o666 : 0o600)
        guard file >= 0 else { throw failure(name) }
        return (file, try Self.status(of: file, failure(name)).identity)
    }

    /// Runs `body` while no other process does so for the same folder, as far as the file system can say.
    ///
    /// Waits for them, but not for one that was stopped meanwhile.
    func withLock<Result>(_ body: () throws(ImageError) -> Result) throws(ImageError) -> Result {
        for _ in 0..<1000 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK { break }
            usleep(10_000)
        }
        defer { _ = flock(descriptor, LOCK_UN) }
        return try body()
    }

    /// Calls `old` `new`, which replaces what was called so.
    ///
    /// Throws `io` where that fails.
    func rename(_ old: SystemString, to new: SystemString) throws(ImageError) {
        guard unsafe renameat(descriptor, old.terminated, descriptor, new.terminated) == 0 else {
            throw failure(new)
        }
    }

    /// Sees to it that the disk has the names, too; not every file system can, and nothing depends on it.
    func sync() {
        _ = fsync(descriptor)
    }

    /// Removes the file called `name`. Returns whether there was one that could be removed.
    @discardableResult
    func remove(_ name: SystemString) -> Bool {
        unsafe unlinkat(descriptor, name.terminated, 0) == 0
    }

    /// Notes that the file called `name` is used now, if that can be noted.
    func touch(_ name: SystemString) {
        _ = unsafe utimensat(descriptor, name.terminated, nil, AT_SYMLINK_NOFOLLOW)
    }

    /// What `descriptor` is; throws `error`, and closes it, where the system does not say.
    private static func status(
        of descriptor: Int32, _ error: @autoclosure () -> ImageError
    ) throws(ImageError) -> FileStatus {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            let error = error()
            close(descriptor)
            throw error
        }
        return FileStatus(status)
    }

    private func failure(_ name: SystemString?) -> ImageError {
        ImageError(.io, "\(path)\(name.map { "/\($0)" } ?? ""): \(systemMessage(errno))")
    }
}
