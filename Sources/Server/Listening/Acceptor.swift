import Glibc
import Synchronization
import VitrineFormats

/// A thread that takes connections from a listening socket, until it is stopped.
///
/// SwiftNIO's own acceptor closes the socket, without a word, on any error that it does not know to pass, and ends the process
/// on EBADF.
final class Acceptor: Sendable {
    /// The end of a pipe whose other end the thread waits for too. Closing it stops the thread.
    private let stop: Mutex<Int32?>

    /// Takes connections from `socket`.
    ///
    /// `connected` is called with the descriptor of each, which is then the caller's. `failed` is called with the number of each
    /// error, and true if it is the last one. Throws if no thread or no file is left for it.
    init(
        _ socket: ListeningSocket, connected: @escaping @Sendable (Int32) -> Void,
        failed: @escaping @Sendable (_ errorNumber: Int32, _ isFinal: Bool) -> Void
    ) throws(ServerError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else {
            throw ServerError("cannot take connections: \(systemMessage(errno))", errorNumber: errno)
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        stop = Mutex(ends[1])
        let stopping = ends[0]
        let isStarted = Thread.start("vitrine-accept") {
            Self.work(socket, stopping, connected, failed)
            socket.close()
            close(stopping)
        }
        guard isStarted else {
            for end in ends { close(end) }
            throw ServerError("cannot take connections: \(Thread.shortage)")
        }
    }

    /// Ends the thread, which closes the socket.
    func end() {
        stop.withLock { stop in
            if let descriptor = stop { close(descriptor) }
            stop = nil
        }
    }

    private static func work(
        _ socket: ListeningSocket, _ stopping: Int32, _ connected: (Int32) -> Void,
        _ failed: (_ errorNumber: Int32, _ isFinal: Bool) -> Void
    ) {
        while true {
            var events = [
                pollfd(fd: stopping, events: 0, revents: 0),
                pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            _ = unsafe poll(&events, 2, -1)
            // `end()` has closed the other end.
            guard events[0].revents == 0 else { return }
            let connection = accept(socket.descriptor, nil, nil)
            guard connection < 0 else {
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                connected(connection)
                continue
            }
            // accept(2) on a Unix socket that was shut down says "try again" for ever.
            let isShut = errno == EAGAIN && events[1].revents & Int16(POLLHUP) != 0
            let errorNumber = isShut ? EINVAL : errno
            let failure = AcceptFailure(errorNumber)
            if failure != .nothing { failed(errorNumber, failure == .final) }
            if failure == .final { return }
            _ = unsafe poll(&events, 1, failure.pause)
        }
    }
}
