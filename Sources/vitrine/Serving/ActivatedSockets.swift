import Glibc
import VitrineServer

/// Sockets passed in by systemd, or by another program that does the same (sd_listen_fds(3)).
enum ActivatedSockets {
    private static let first: Int32 = 3

    /// Takes the sockets, if they are meant for this process. Removes the variables, so that children do not see them again.
    static func take() throws(ServerError) -> [Int32] {
        let process = variable("LISTEN_PID")
        let number = variable("LISTEN_FDS")
        guard let process, let number, Int32(process) == getpid() else { return [] }
        guard let count = Int32(number), count >= 1, count <= 64 else {
            throw ServerError("LISTEN_FDS is \"\(number)\", expected 1 to 64")
        }
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsafe unsetenv(name) }
        let sockets = Array(first..<first + count)
        for socket in sockets {
            guard fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 else {
                throw ServerError("LISTEN_FDS is \(count), but file descriptor \(socket) is not open")
            }
        }
        return sockets
    }

    private static func variable(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}
