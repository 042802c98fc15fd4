import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing
import VitrineFormats

@testable import VitrineServer

/// Takes connections, and handles failures to do so.
@Suite struct AcceptorTests {
    @Test(arguments: [
        (EAGAIN, AcceptFailure.nothing), (EINTR, .nothing), (EMFILE, .exhausted), (ENFILE, .exhausted),
        (ENOBUFS, .exhausted), (ENOMEM, .exhausted), (EBADF, .final), (EINVAL, .final), (ENOTSOCK, .final),
        (ECONNABORTED, .passing), (EPROTO, .passing), (ENETDOWN, .passing), (ENETUNREACH, .passing),
        (EHOSTDOWN, .passing), (EHOSTUNREACH, .passing), (ENONET, .passing), (ENOPROTOOPT, .passing),
        (EOPNOTSUPP, .passing), (EPERM, .passing), (ETIMEDOUT, .passing), (EIO, .passing),
    ])
    func onlyABadSocketIsTheEnd(_ errorNumber: Int32, _ expected: AcceptFailure) {
        let failure = AcceptFailure(errorNumber)
        #expect(failure == expected)
        // Where it comes again at once, trying must not take up a core.
        #expect((failure.pause > 0) == (failure == .passing || failure == .exhausted))
    }

    /// The messages of an acceptor.
    private final class Events: Sendable {
        let connections = Monitor<[Int32]>([])
        let failures = Monitor<[(Int32, isFinal: Bool)]>([])

        func acceptor(_ socket: ListeningSocket) throws -> Acceptor {
            try Acceptor(socket) { connection in
                self.connections.change { $0.append(connection) }
            } failed: { errorNumber, isFinal in
                self.failures.change { $0.append((errorNumber, isFinal)) }
            }
        }

        deinit {
            for connection in connections.withLock({ $0 }) { close(connection) }
        }
    }

    /// A socket connected to the Unix socket at `path`. Nil if nobody listens there.
    private func connect(_ path: String) -> Int32? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if status == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    @Test func connectionsAreTakenUntilItIsEnded() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/socket"
            let events = Events()
            let acceptor = try events.acceptor(ListeningSocket(unixSocket: SystemString(path)))
            let clients = try (0..<3).map { _ in try #require(connect(path)) }
            defer { for client in clients { close(client) } }
            let connections = events.connections.wait { $0.count == 3 ? $0 : nil }
            // No program that is started later is to have it.
            #expect(connections.allSatisfy { fcntl($0, F_GETFD) & FD_CLOEXEC != 0 })
            acceptor.end()
            try until("nobody listens any more") { connect(path).map { close($0) } == nil ? () : nil }
            #expect(events.failures.withLock { $0.isEmpty })
        }
    }

    @Test func theEndOfTheSocketIsReported() throws {
        try withTemporaryFolder { folder in
            let socket = try ListeningSocket(unixSocket: SystemString(folder.path + "/socket"))
            let events = Events()
            let acceptor = try events.acceptor(socket)
            // As another process could do that has it too; accept(2) says EINVAL.
            #expect(shutdown(socket.descriptor, Int32(SHUT_RDWR)) == 0)
            let failure = events.failures.wait { $0.first }
            #expect(failure.0 == EINVAL && failure.isFinal)
            acceptor.end()
        }
    }

    @Test func portsAreToldAndCanBeUsedAgain() throws {
        let socket = try ListeningSocket(host: "127.0.0.1", port: 0)
        let port = try #require(socket.port)
        #expect(port > 0)
        do throws(ServerError) {
            _ = try ListeningSocket(host: "127.0.0.1", port: port)
            Issue.record("a port that is in use was given out")
        } catch {
            #expect(error.errorNumber == EADDRINUSE)
            #expect(
                error.description == "cannot listen on port \(port) of 127.0.0.1: Address already in use")
        }
        socket.close()
        try ListeningSocket(host: "127.0.0.1", port: port).close()
    }

    @Test func socketsThatArePassedInAreToldApart() throws {
        let listening = try ListeningSocket(host: "127.0.0.1", port: 0)
        defer { listening.close() }
        #expect(try PassedSocket(listening.descriptor) == .listening)
        var pair: [Int32] = [-1, -1]
        try #require(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        defer { for end in pair { close(end) } }
        #expect(try PassedSocket(pair[0]) == .connected)
        let idle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(idle) }
        #expect(throws: ServerError("the socket on file descriptor \(idle) neither listens nor is connected"))
        {
            try PassedSocket(idle)
        }
    }
}
