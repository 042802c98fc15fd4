import Glibc
import VitrineFormats

/// The kind of a socket that was passed in (sd_listen_fds(3)).
package enum PassedSocket: Equatable, Sendable {
    /// Connections can be taken from it.
    case listening
    /// It is a connection itself: a socket unit with Accept=yes.
    case connected

    /// The kind of socket that `descriptor` is.
    package init(_ descriptor: Int32) throws(ServerError) {
        var isListening: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &size) == 0 else {
            throw ServerError(
                "cannot take connections from file descriptor \(descriptor): \(systemMessage(errno))")
        }
        guard isListening == 0 else {
            self = .listening
            return
        }
        var address = sockaddr_storage()
        size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getpeername(descriptor, $0, &size)
            }
        }
        guard status == 0 else {
            throw ServerError("the socket on file descriptor \(descriptor) neither listens nor is connected")
        }
        self = .connected
    }
}
