import Glibc
import VitrineFormats

/// An open folder. Names are looked up in the folder itself, whatever happens to its path meanwhile.
///
/// This module's system calls are here and in `NewFile`.
final class Folder: Sendable {
    /// The path it was opened with, for messages.
    let path: SystemString
    private let descriptor: Int32

    private init(_ path: SystemString, _ descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Splits `path` into a folder and a name in it. Symbolic links are resolved; if nothing is at `path` yet, it is taken as written.
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

    /// Opens the folder at `path`. Nil if nothing is there.
    ///
    /// Throws `io` if it cannot be opened.
    static func open(_ path: SystemString) throws(ImageError) -> Folder? {
        let descriptor = unsafe Glibc.open(path.terminated, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw ImageError(.io, "\(path): \(systemMessage(errno))")
        }
        return Folder(path, descriptor)
    }

    /// Opens the folder at `path`. If it is missing, makes it and the folders it lies in, for this user alone.
    ///
    /// Throws `io` if that fails.
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

    /// True if a folder that belongs to this user is at `path`.
    static func isOurs(_ path: SystemString) -> Bool {
        var status = stat()
        return unsafe stat(path.terminated, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            && status.st_uid == geteuid()
    }

    /// True if the folder at `path`, or the nearest existing one above it, belongs to this user.
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

    /// Throws `refused` if others than this user can have put something into the folder.
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

    /// The status of the entry called `name`; links are not followed. Nil if there is none.
    func status(of name: SystemString) -> FileStatus? {
        var status = stat()
        guard unsafe fstatat(descriptor, name.terminated, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            return nil
        }
        return FileStatus(status)
    }

    /// Opens the regular file called `name` for reading. Nil if nothing has that name.
    ///
    /// Throws `io` if it cannot be opened, and `refused` if it is no regular file or, if it `mustBeOurs`, if others than this user
    /// can have written it.
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

    /// Makes a file and opens it for reading and writing. It is for this user alone, or if it `isPublic`, for those the umask allows.
    ///
    /// Throws `io` if it cannot be made, or if something is already called `name`.
    func create(
        _ name: SystemString, isPublic: Bool
    ) throws(ImageError) -> (descriptor: Int32, identity: FileIdentity) {
        let file = unsafe openat(
            descriptor, name.terminated, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
            isPublic ? 0o666 : 0o600)
        guard file >= 0 else { throw failure(name) }
        return (file, try Self.status(of: file, failure(name)).identity)
    }

    /// Runs `body` while no other process does so for the same folder, if the file system can lock folders.
    ///
    /// Waits 10 seconds at most for other processes, and runs `body` then: one may have been stopped while it held the lock.
    func withLock<Result>(_ body: () throws(ImageError) -> Result) throws(ImageError) -> Result {
        for _ in 0..<1000 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK { break }
            usleep(10_000)
        }
        defer { _ = flock(descriptor, LOCK_UN) }
        return try body()
    }

    /// Renames `old` to `new`, and replaces the file that had that name.
    ///
    /// Throws `io` if that fails.
    func rename(_ old: SystemString, to new: SystemString) throws(ImageError) {
        guard unsafe renameat(descriptor, old.terminated, descriptor, new.terminated) == 0 else {
            throw failure(new)
        }
    }

    /// Writes the folder's names to disk. Not every file system can, and nothing depends on it.
    func sync() {
        _ = fsync(descriptor)
    }

    /// Removes the file called `name`. Returns true if there was one and it could be removed.
    @discardableResult
    func remove(_ name: SystemString) -> Bool {
        unsafe unlinkat(descriptor, name.terminated, 0) == 0
    }

    /// Notes that the file called `name` is used now, if possible.
    func touch(_ name: SystemString) {
        _ = unsafe utimensat(descriptor, name.terminated, nil, AT_SYMLINK_NOFOLLOW)
    }

    /// The status of the file behind `descriptor`. If the system does not give it, closes the descriptor and throws `error`.
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
