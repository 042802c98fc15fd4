import Glibc
import NIOCore
import VitrineFormats

/// A socket that connections can be taken from.
struct ListeningSocket: Sendable {
    let descriptor: Int32

    /// Makes a Unix socket at `path`, and listens on it.
    init(unixSocket path: SystemString) throws(ServerError) {
        try self.init("cannot listen on \(path)") { SocketAddress(try sockaddr_un(path)) }
    }

    /// Listens on `port` of the address or host name `host`; 0 stands for any free port.
    init(host: String, port: Int) throws(ServerError) {
        try self.init("cannot listen on port \(port) of \(host)") {
            try SocketAddress.makeAddressResolvingHost(host, port: port)
        }
    }

    /// Takes a socket that was passed in and listens already. Closing this one closes that one.
    init(passed descriptor: Int32) throws(ServerError) {
        self.descriptor = descriptor
        guard Self.makeNonBlocking(descriptor) else {
            throw ServerError(
                "cannot take connections from file descriptor \(descriptor): \(systemMessage(errno))")
        }
    }

    /// Makes a socket that listens at the address that `address` gives. The texts of errors begin with `what`.
    private init(_ what: String, at address: () throws -> SocketAddress) throws(ServerError) {
        let place: SocketAddress
        do {
            place = try address()
        } catch let error as SocketAddressError.UnknownHost {
            throw ServerError("\(what): \(error.errorDescription)")
        } catch {
            throw ServerError("\(what): \(error)")
        }
        descriptor = socket(Self.family(of: place), Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0, Self.listen(descriptor, place) else {
            let errorNumber = errno
            if descriptor >= 0 { Glibc.close(descriptor) }
            throw ServerError("\(what): \(systemMessage(errorNumber))", errorNumber: errorNumber)
        }
    }

    private static func family(of address: SocketAddress) -> Int32 {
        switch address {
        case .v4: AF_INET
        case .v6: AF_INET6
        case .unixDomainSocket: AF_UNIX
        }
    }

    /// Makes the new socket listen at `address`. Returns false, with errno set, if it cannot.
    private static func listen(_ descriptor: Int32, _ address: SocketAddress) -> Bool {
        guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0, makeNonBlocking(descriptor) else { return false }
        switch address {
        case .v4, .v6:
            // A server that ended a moment ago does not keep the address.
            guard set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1) == 0 else { return false }
        case .unixDomainSocket: break
        }
        // The address :: takes connections over IPv4 too, whatever the system's default is.
        if case .v6 = address { _ = set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        let isBound = unsafe address.withSockAddr { pointer, size in
            unsafe bind(descriptor, pointer, socklen_t(size)) == 0
        }
        return isBound && Glibc.listen(descriptor, SOMAXCONN) == 0
    }

    private static func makeNonBlocking(_ descriptor: Int32) -> Bool {
        // Between poll(2) and accept(2) the client may leave, or another process may take the connection.
        fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) -> Int32 {
        var value = value
        return unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// The port that it listens on. Nil if it is not a TCP socket.
    var port: Int? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &size)
            }
        }
        guard status == 0, [AF_INET, AF_INET6].contains(Int32(storage.ss_family)) else { return nil }
        // The port is at the same place in the addresses of both families.
        return unsafe withUnsafeBytes(of: storage) { unsafe Int($0[2]) << 8 | Int($0[3]) }
    }

    func close() {
        Glibc.close(descriptor)
    }
}
