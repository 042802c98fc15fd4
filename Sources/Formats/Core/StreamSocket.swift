import Glibc

/// A connected stream socket, whose descriptor belongs to somebody else. What is sent and received is whole.
package struct StreamSocket: Sendable {
    private let descriptor: Int32

    /// The socket with this `descriptor`.
    package init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Sends all of `bytes`. Returns false if the connection has ended.
    package func send(_ bytes: [UInt8]) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
                return unsafe Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    /// The next `count` bytes. Nil if the connection ends before, or its time limit passes.
    package func receive(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let received = unsafe bytes.withUnsafeMutableBytes { bytes in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
                return unsafe recv(descriptor, rest.baseAddress, rest.count, 0)
            }
            if received < 0, errno == EINTR { continue }
            guard received > 0 else { return nil }
            done += received
        }
        return bytes
    }
}
