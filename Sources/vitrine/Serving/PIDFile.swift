import Glibc
import VitrineFormats
import VitrineServer

/// A file with the number of this process; it is there when the server is ready, and never half-written.
struct PIDFile {
    private let path: String

    /// Writes the file at `path`, in place of one that is there.
    init(_ path: String) throws(ServerError) {
        self.path = path
        let temporary = "\(path).\(getpid())"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw ServerError("\(path): \(systemMessage(errno))") }
        let text = Array("\(getpid())\n".utf8)
        let written = unsafe text.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        guard written == text.count, unsafe rename(temporary, path) == 0 else {
            let reason = systemMessage(errno)
            unsafe unlink(temporary)
            throw ServerError("\(path): \(reason)")
        }
    }

    func remove() {
        unsafe unlink(path)
    }
}
