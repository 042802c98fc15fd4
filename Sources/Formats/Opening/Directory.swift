import CLinux
import Glibc

/// A directory that stays the same one whatever is renamed. Files are opened in it such that nothing leads out of it.
final class Directory: Sendable {
    /// The reason that nothing was opened.
    enum Failure: Error, Equatable {
        /// The path leads out of the directory.
        case leadsOut
        /// The system's reason: an `errno`.
        case system(Int32)
    }

    private let descriptor: Descriptor

    /// The absolute paths that it had when it was opened: the one without symbolic links, and the one it was opened by.
    let paths: [PathName]

    /// Opens the directory at `path`.
    ///
    /// Throws `io` with the system's words if that fails.
    init(path: SystemString) throws(ImageError) {
        let number = unsafe vitrine_open_directory(path.terminated)
        guard number >= 0 else { throw ImageError(.io, systemMessage(errno)) }
        descriptor = Descriptor(number)
        var paths = Self.path(of: descriptor).map { [$0] } ?? []
        let asGiven = PathName(path.bytes)
        let whole = asGiven.isAbsolute ? asGiven : Self.working.map(asGiven.from)
        // Only the system knows what `..` means after a symbolic link.
        if let whole, !whole.leadsUp, !paths.contains(whole) { paths.append(whole) }
        self.paths = paths
    }

    /// Splits `path` into a directory and a name in it.
    static func split(_ path: SystemString) -> (directory: SystemString, name: SystemString) {
        let (folder, name) = path.splitAtLastSlash
        if folder.bytes.isEmpty { return (".", name) }
        return (folder, name.bytes.isEmpty ? "." : name)
    }

    /// Opens the file called `name`, which the user named, for reading; links may lead anywhere.
    ///
    /// Throws the same as `FileSource.init(path:)`.
    func file(named name: SystemString) throws(ImageError) -> FileSource {
        let file = unsafe openat(descriptor.number, name.terminated, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw ImageError(.io, systemMessage(errno)) }
        return try FileSource(descriptor: file)
    }

    /// Opens what `path` leads to within the directory, but only as a place (O_PATH): nothing happens to it, whatever it is. `flags`
    /// may be O_NOFOLLOW or O_DIRECTORY.
    func place(_ path: PathName, flags: Int32 = 0) throws(Failure) -> Descriptor {
        let text = path.terminated
        // EAGAIN: some directory was renamed while the path was followed, so it may have led anywhere.
        for _ in 0..<1000 {
            let number = unsafe vitrine_open_beneath(descriptor.number, text, flags)
            if number >= 0 { return Descriptor(number) }
            if errno == EXDEV { throw .leadsOut }
            if errno != EAGAIN && errno != EINTR { break }
        }
        throw .system(errno)
    }

    /// The target of the symbolic link at `path`. Nil if there is no link, or none within the directory.
    func link(at path: PathName) -> PathName? {
        guard let link = try? place(path, flags: O_NOFOLLOW) else { return nil }
        return Self.target("", in: link.number)
    }

    /// The absolute path of the directory at `path` within this one, without symbolic links. Nil if it is not known.
    func path(of path: PathName) -> PathName? {
        (try? place(path, flags: O_DIRECTORY)).flatMap(Self.path(of:))
    }

    private static func path(of directory: Descriptor) -> PathName? {
        target(directory.procName, in: AT_FDCWD)
    }

    private static func target(_ link: String, in directory: Int32) -> PathName? {
        var text = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlinkat(directory, link, &text, text.count)
        // A target that fills the buffer may be longer.
        guard count > 0, count < text.count else { return nil }
        return PathName(text[..<count].map { UInt8(bitPattern: $0) })
    }

    private static var working: PathName? { target("/proc/self/cwd", in: AT_FDCWD) }
}
