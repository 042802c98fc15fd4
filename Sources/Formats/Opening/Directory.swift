import CLinux
import Glibc

/// A directory, which stays the same one whatever is renamed, and in which files are opened such that nothing
/// leads out of it.
final class Directory: Sendable {
    /// Why nothing was opened.
    enum Failure: Error, Equatable {
        /// The path leads out of the directory.
        case leadsOut
        /// The system says why not: an `errno`.
        case system(Int32)
    }

    private let descriptor: Descriptor

    /// The absolute paths that it had when it was opened: the one without symbolic links, and the one it was opened by.
    let paths: [PathName]

    /// Opens the directory at `path`.
    ///
    /// Throws `io` with the system's words where that fails.
    init(path: SystemString) throws(ImageError) {
        let number = unsafe vitrine_open_directory(path.terminated)
        guard number >= 0 else { throw ImageError(.io, systemMessage(errno)) }
        descriptor = Descriptor(number)
        var paths = Self.path(of: descriptor).map { [$0] } ?? []
        let asGiven = PathName(path.bytes)
        let whole = asGiven.isAbsolute ? asGiven : Self.working.map(asGiven.from)
        // What `..` means after a symbolic link, only the system knows.
        if let whole, !whole.leadsUp, !paths.contains(whole) { paths.append(whole) }
        self.paths = paths
    }

    /// The directory and the name in it that `path` is made of.
    static func split(_ path: SystemString) -> (directory: SystemString, name: SystemString) {
        let (folder, name) = path.splitAtLastSlash
        if folder.bytes.isEmpty { return (".", name) }
        return (folder, name.bytes.isEmpty ? "." : name)
    }

    /// Opens the file called `name`, which the user named, for reading; links may lead anywhere.
    ///
    /// Throws as `FileSource.init(path:)` does.
    func file(named name: SystemString) throws(ImageError) -> FileSource {
        let file = unsafe openat(descriptor.number, name.terminated, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw ImageError(.io, systemMessage(errno)) }
        return try FileSource(descriptor: file)
    }

    /// Opens what `path` leads to within the directory, though only as a place (O_PATH): nothing happens to it,
    /// whatever it is. `flags` may be O_NOFOLLOW or O_DIRECTORY.
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

    /// Where the symbolic link at `path` leads; nil where there is none, or none within the directory.
    func link(at path: PathName) -> PathName? {
        guard let link = try? place(path, flags: O_NOFOLLOW) else { return nil }
        return Self.target("", in: link.number)
    }

    /// The absolute path of the directory at `path` within this one, without symbolic links; nil where nobody knows.
    func path(of path: PathName) -> PathName? {
        (try? place(path, flags: O_DIRECTORY)).flatMap(Self.path(of:))
    }

    private static func path(of directory: Descriptor) -> PathName? {
        target(directory.procName, in: AT_FDCWD)
    }

    private static func target(_ link: String, in directory: Int32) -> PathName? {
        var text = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlinkat(directory, link, &text, text.count)
        // A target that fills it may go on behind it.
        guard count > 0, count < text.count else { return nil }
        return PathName(text[..<count].map { UInt8(bitPattern: $0) })
    }

    private static var working: PathName? { target("/proc/self/cwd", in: AT_FDCWD) }
}
