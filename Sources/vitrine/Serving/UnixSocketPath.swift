import Glibc
import VitrineFormats
import VitrineServer

/// The path of a Unix socket, and of the directory that is removed with it.
struct UnixSocketPath: Sendable {
    let path: SystemString
    /// The directory that was made for it. Nil if none was.
    private let directory: SystemString?
    /// The identity of this server's socket, once it listens.
    private var identity: FileIdentity?

    /// The longest path that SwiftNIO takes, in bytes; sockaddr_un has room for 107.
    private static let maximumLength = 103

    /// The socket at `path`, or if that is nil, one in a new private directory.
    ///
    /// Throws if something else is there. A socket that nobody listens on any more is removed.
    init(_ path: SystemString?) throws(ServerError) {
        if let path {
            self.path = path
            directory = nil
            guard path.bytes.count <= Self.maximumLength else {
                throw ServerError(
                    "\(path): the path of a Unix socket can have at most \(Self.maximumLength) bytes, "
                        + "and this one has \(path.bytes.count)")
            }
            try Self.makeRoom(path)
        } else {
            let directory = try Self.privateDirectory()
            self.directory = directory
            self.path = directory + "/socket"
        }
    }

    /// Notes that this server's socket is there now.
    mutating func noteListening() {
        identity = FileIdentity(ofPath: path)
    }

    /// Removes the socket, unless another server's is there by now.
    func remove() {
        if let identity, FileIdentity(ofPath: path) == identity { unsafe unlink(path.terminated) }
        removeDirectory()
    }

    /// Removes the directory that was made for the socket.
    func removeDirectory() {
        if let directory { unsafe rmdir(directory.terminated) }
    }

    /// Makes a directory for this user alone: in $TMPDIR, or if that fails, in $XDG_RUNTIME_DIR, or in /tmp.
    private static func privateDirectory() throws(ServerError) -> SystemString {
        var tried: [String] = []
        let parents = ["TMPDIR", "XDG_RUNTIME_DIR"].compactMap { SystemString(variable: $0) }
        for parent in parents + ["/tmp"] {
            // An empty name would stand for the root directory, a relative one for another place in each process.
            guard parent.isAbsolutePath else {
                if !parent.bytes.isEmpty { tried.append("\(parent): is not an absolute path") }
                continue
            }
            guard parent.bytes.count + "/vitrineXXXXXX/socket".utf8.count <= maximumLength else {
                tried.append("\(parent): is too long for the path of a socket")
                continue
            }
            var template = (parent + "/vitrineXXXXXX").terminated
            if unsafe mkdtemp(&template) != nil {
                return SystemString(bytes: template.dropLast().map { UInt8(bitPattern: $0) })
            }
            tried.append("\(parent): \(systemMessage(errno))")
        }
        throw ServerError(
            "cannot make a directory for the socket (\(tried.joined(separator: "; "))): set TMPDIR to a "
                + "directory that you can write to, or give the path of the socket with -U")
    }

    /// Removes the socket at `path`, if there is one that nobody listens on.
    private static func makeRoom(_ path: SystemString) throws(ServerError) {
        var status = stat()
        guard unsafe lstat(path.terminated, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ServerError(
                "\(path) exists and is not a socket, so vitrine does not replace it: give another path")
        }
        guard !isInUse(path) else { throw ServerError("\(path) is in use by another server") }
        // Another server that starts now may have put its socket in the place of the one that was checked. So the socket is taken
        // away, checked once more, and given back if it is in use.
        let taken = path + SystemString(".\(getpid())")
        guard taken.bytes.count <= maximumLength else {
            unsafe unlink(path.terminated)
            return
        }
        guard unsafe rename(path.terminated, taken.terminated) == 0 else { return }
        if isInUse(taken) {
            // If another socket is there by now, that one stays.
            _ = unsafe link(taken.terminated, path.terminated)
            unsafe unlink(taken.terminated)
            throw ServerError("\(path) is in use by another server")
        }
        unsafe unlink(taken.terminated)
    }

    private static func isInUse(_ path: SystemString) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        guard var address = try? sockaddr_un(path) else { return true }
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return status == 0 || errno != ECONNREFUSED
    }
}
