import Foundation
import Glibc
import Testing
import TestSupport

/// An NBD client that says exactly what a test wants, written from doc/proto.md, not from our server.
///
/// No wait of its lasts forever: it throws instead.
final class WireClient {
    enum Command: UInt16 {
        case read = 0
        case disconnect = 2
        case cache = 5
    }

    /// A chunk of a structured reply.
    struct Chunk {
        static let offsetData: UInt16 = 1
        static let offsetHole: UInt16 = 2
        static let errorOffset: UInt16 = 0x8002

        var isLast: Bool
        var type: UInt16
        var cookie: UInt64
        var payload: [UInt8]
    }

    private static let patience: Int32 = 60_000
    private let input: Int32
    private let output: Int32

    /// Creates a client that talks through two descriptors, which may be one, and closes them in the end.
    init(input: Int32, output: Int32) {
        self.input = input
        self.output = output
        // A connection that the server has closed is an error where it is written to, not the end of the tests.
        signal(SIGPIPE, SIG_IGN)
    }

    convenience init(unixSocket path: String) throws {
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        self.init(input: socket, output: socket)
        guard status == 0 else { throw TestFailure("connecting to \(path): errno \(errno)") }
    }

    convenience init(loopbackPort port: Int) throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        self.init(input: socket, output: socket)
        guard status == 0 else { throw TestFailure("connecting to port \(port): errno \(errno)") }
    }

    deinit {
        close(input)
        if output != input { close(output) }
    }

    // MARK: Bytes

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            try wait(for: Int16(POLLOUT), on: output)
            let count = unsafe rest.withUnsafeBytes { unsafe write(output, $0.baseAddress, $0.count) }
            guard count > 0 else { throw TestFailure("sending: errno \(errno)") }
            rest = rest.dropFirst(count)
        }
    }

    /// The next bytes, at most `count`. Empty if the server has closed the connection.
    func receiveSome(_ count: Int) throws -> [UInt8] {
        try wait(for: Int16(POLLIN), on: input)
        var bytes = [UInt8](repeating: 0, count: count)
        let received = unsafe bytes.withUnsafeMutableBytes { unsafe read(input, $0.baseAddress, $0.count) }
        // A server that closes without reading everything resets the connection.
        guard received >= 0 || errno == ECONNRESET else { throw TestFailure("receiving: errno \(errno)") }
        return Array(bytes.prefix(max(0, received)))
    }

    /// The next `count` bytes.
    func receive(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let some = try receiveSome(count - bytes.count)
            guard !some.isEmpty else { throw ConnectionEnded(after: bytes.count) }
            bytes += some
        }
        return bytes
    }

    struct ConnectionEnded: Error {
        /// The number of bytes that came of the expected ones.
        let after: Int
    }

    /// Waits until the server closes the connection. Skips everything that it says until then.
    func waitForEnd() throws {
        while try !receiveSome(64 << 10).isEmpty {}
    }

    private func wait(for events: Int16, on descriptor: Int32) throws {
        var poll = pollfd(fd: descriptor, events: events, revents: 0)
        guard unsafe Glibc.poll(&poll, 1, Self.patience) == 1 else {
            throw TestFailure("the server was silent for \(Self.patience) ms")
        }
    }
}
