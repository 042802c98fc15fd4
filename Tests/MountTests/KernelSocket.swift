import Glibc
import Testing

/// The kernel's end of the socket to an NBD server.
final class KernelSocket: Sendable {
    private let descriptor: Int32

    /// The end of the server, which closes it.
    let server: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        let status = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends)
        try #require(status == 0)
        (descriptor, server) = (ends[0], ends[1])
    }

    deinit { Glibc.close(descriptor) }

    /// Sends a request, and the data of a write.
    func send(
        _ command: UInt16, cookie: UInt8, at offset: UInt64 = 0, _ length: UInt32 = 0, _ data: [UInt8] = []
    ) {
        var bytes: [UInt8] = [0x25, 0x60, 0x95, 0x13, 0, 0, UInt8(command >> 8), UInt8(command & 0xFF)]
        bytes += [0, 0, 0, 0, 0, 0, 0, cookie]
        bytes += (0..<8).reversed().map { UInt8(truncatingIfNeeded: offset >> (8 * $0)) }
        bytes += (0..<4).reversed().map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
        send(bytes + data)
    }

    func send(_ bytes: [UInt8]) {
        let sent = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        #expect(sent == bytes.count)
    }

    /// Receives a reply with `count` bytes of data, or none if it is an error.
    func reply(_ count: Int = 0) throws -> (error: UInt8, cookie: UInt8, data: [UInt8]) {
        let header = receive(16)
        try #require(header.count == 16)
        #expect(header.prefix(4) == [0x67, 0x44, 0x66, 0x98])
        return (header[7], header[15], header[7] == 0 ? receive(count) : [])
    }

    /// The next `count` bytes, or fewer at the end.
    func receive(_ count: Int) -> [UInt8] {
        // Even no bytes at all would be waited for.
        guard count > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: count)
        let received = unsafe bytes.withUnsafeMutableBytes {
            unsafe recv(descriptor, $0.baseAddress, $0.count, Int32(MSG_WAITALL))
        }
        return Array(bytes.prefix(max(0, received)))
    }

    /// Ends the connection.
    func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
