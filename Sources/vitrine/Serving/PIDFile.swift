import Glibc
import VitrineFormats
import VitrineServer

/// A file with the number of this process. It is there when the server is ready, and never half-written.
struct PIDFile {
    private let path: SystemString
    private let identity: FileIdentity?

    /// The most bytes that a process's number takes, with a line end.
    private static let maximumLength = 24

    /// Writes the file at `path`, in place of one that is there.
    ///
    /// Throws if something other than a file with the number of a process is there.
    init(_ path: SystemString) throws(ServerError) {
        self.path = path
        try Self.requireReplaceable(path)
        let temporary = path + SystemString(".\(getpid())")
        // Nothing is overwritten, so a file of this name that a killed server has left goes first.
        unsafe unlink(temporary.terminated)
        let descriptor = unsafe open(temporary.terminated, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw ServerError("\(path): \(systemMessage(errno))") }
        identity = FileIdentity(ofPath: temporary)
        let text = Array("\(getpid())\n".utf8)
        let written = unsafe text.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        guard written == text.count, unsafe rename(temporary.terminated, path.terminated) == 0 else {
            let reason = systemMessage(errno)
            unsafe unlink(temporary.terminated)
            throw ServerError("\(path): \(reason)")
        }
    }

    /// Removes the file, unless another server's is there by now.
    func remove() {
        if let identity, FileIdentity(ofPath: path) == identity { unsafe unlink(path.terminated) }
    }

    private static func requireReplaceable(_ path: SystemString) throws(ServerError) {
        var status = stat()
        guard unsafe lstat(path.terminated, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFREG, holdsNumber(path) else {
            throw ServerError(
                "\(path) exists and is not a pid file, so vitrine does not replace it: give another path"
            )
        }
    }

    /// True if the file at `path` is empty, or holds a decimal number and a line end.
    private static func holdsNumber(_ path: SystemString) -> Bool {
        let descriptor = unsafe open(path.terminated, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: maximumLength + 1)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        guard count >= 0, count <= maximumLength else { return false }
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let blanks = [UInt8(ascii: " "), UInt8(ascii: "\n")]
        return bytes.prefix(count).allSatisfy { digits.contains($0) || blanks.contains($0) }
    }
}
