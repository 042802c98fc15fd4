import Glibc
import VitrineServer

/// Standard input, output and error: file descriptors 0 to 2.
enum StandardFiles {
    /// Has all three be something. Where one is closed, the next file that is opened takes its number,
    /// and would be written to with what is meant for people.
    static func open() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest number that is free is this one.
            _ = unsafe Glibc.open("/dev/null", O_RDWR)
        }
    }

    /// Throws unless a client can be at the other end of `descriptor`, which is called `name`.
    static func requireClient(_ descriptor: Int32, _ name: String) throws(ServerError) {
        var status = stat()
        let isOpen = unsafe fstat(descriptor, &status) == 0
        guard isOpen, [S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT) else {
            throw ServerError("-s: \(name) is neither a pipe nor a socket, so no client can be there")
        }
    }
}
