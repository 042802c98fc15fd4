import Glibc
import TestSupport

/// A TCP port of the loopback interface that nobody is listening on now.
func freePort() throws -> Int {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe bind(socket, $0, length) | getsockname(socket, $0, &length)
        }
    }
    guard status == 0 else { throw TestFailure("finding a free port: errno \(errno)") }
    return Int(UInt16(bigEndian: address.sin_port))
}
