import Glibc
import VitrineServer

/// Standard input, output and error: file descriptors 0 to 2.
enum StandardFiles {
    /// Opens those of the three that are closed. Otherwise the next file that is opened would take the number of a closed one, and
    /// texts for people would be written to it.
    static func open() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free number is this one.
            _ = unsafe Glibc.open("/dev/null", O_RDWR)
        }
    }

    /// Throws unless a client can be at the other end of `descriptor`, which is called `name`.
    static func requireClient(_ descriptor: Int32, _ name: String) throws(ServerError) {
        var status = stat()
        let isOpen = unsafe fstat(descriptor, &status) == 0
        guard isOpen, [S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT) else {
            throw ServerError(
                "-s: \(name) is neither a pipe nor a socket, so no client can be connected to it")
        }
    }
}
