import Glibc
import VitrineFormats
import VitrineServer

/// Where a Unix socket goes, and what is to be removed with it.
struct UnixSocketPath: Sendable {
    let path: String
    /// The directory that was made for it, if one was.
    private let directory: String?

    /// The longest path that SwiftNIO takes, in bytes; sockaddr_un has room for 107.
    private static let maximumLength = 103

    /// `path`, or a socket in a new private directory where that is nil.
    ///
    /// Throws when something else is there; a socket nobody listens on any more is removed.
    init(_ path: String?) throws(ServerError) {
        if let path {
            self.path = path
            directory = nil
            guard path.utf8.count <= Self.maximumLength else {
                throw ServerError(
                    "\(path): the path of a Unix socket can be \(Self.maximumLength) bytes long, "
                        + "this one is \(path.utf8.count)")
            }
            try Self.makeRoom(path)
        } else {
            let directory = try Self.privateDirectory()
            self.directory = directory
            self.path = directory + "/socket"
        }
    }

    func remove() {
        unsafe unlink(path)
        removeDirectory()
    }

    /// Removes what was made before there was a socket.
    func removeDirectory() {
        if let directory { unsafe rmdir(directory) }
    }

    private static func privateDirectory() throws(ServerError) -> String {
        let parent = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/vitrineXXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw ServerError("cannot make a directory for the socket in \(parent): \(systemMessage(errno))")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func makeRoom(_ path: String) throws(ServerError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ServerError("\(path) exists, and is no socket")
        }
        guard !isInUse(path) else { throw ServerError("\(path) is in use by another server") }
        unsafe unlink(path)
    }

    private static func isInUse(_ path: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { target in
            // The length was checked: a NUL remains after it.
            unsafe target.copyBytes(from: path.utf8.prefix(maximumLength))
        }
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return status == 0 || errno != ECONNREFUSED
    }
}
