import Glibc
import VitrineExports
import VitrineFormats
import VitrineServer

/// The socket or port at which clients find an NBD server.
enum NBDAddress: Sendable {
    case unix(UnixSocketPath)
    /// A TCP port. `host` is written as in URIs.
    case tcp(host: String, port: Int)

    /// Makes `server` listen on `port` of `host`, or if that is nil, of both loopback addresses.
    static func tcp(_ server: Server, host: String?, port: Int) throws(ServerError) -> NBDAddress {
        if let host {
            let port = try server.listen(host: host, port: port)
            return .tcp(host: host.contains(":") ? "[\(host)]" : host, port: port)
        }
        let bound = try server.listen(host: "127.0.0.1", port: port)
        do throws(ServerError) {
            _ = try server.listen(host: "::1", port: bound)
        } catch {
            // A machine without IPv6 does without. But if another server has the port, clients that take "localhost" for this
            // address would find that one.
            if port != 0 && error.errorNumber == EADDRINUSE { throw error }
            return .tcp(host: "127.0.0.1", port: bound)
        }
        return .tcp(host: "localhost", port: bound)
    }

    /// The address of the export called `export`.
    func front(_ export: String) -> FrontAddress {
        FrontAddress(uri: uri(export), variables: variables(export))
    }

    private func uri(_ export: String) -> String {
        switch self {
        case .unix(let socket):
            "nbd+unix:///\(Self.escape(export.utf8))?socket=\(Self.escape(socket.path.bytes))"
        case .tcp(let host, let port): "nbd://\(host):\(port)/\(Self.escape(export.utf8))"
        }
    }

    /// The environment variables of a command that --run runs. The names are nbdkit's.
    private func variables(_ export: String) -> [String: SystemString] {
        var variables: [String: SystemString] = [
            "uri": SystemString(uri(export)), "exportname": SystemString(export), "unixsocket": "",
            "port": "", "nbd": "",
        ]
        switch self {
        case .unix(let socket):
            variables["unixsocket"] = socket.path
            variables["nbd"] = "nbd:unix:" + socket.path
        case .tcp(let host, let port):
            variables["port"] = SystemString("\(port)")
            variables["nbd"] = SystemString("nbd:\(host):\(port)")
        }
        return variables
    }

    func remove() {
        if case .unix(let socket) = self { socket.remove() }
    }

    /// Writes everything but unreserved characters and slashes as %XX (RFC 3986).
    private static func escape(_ text: some Sequence<UInt8>) -> String {
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/".utf8)
        return text.map { byte in
            if plain.contains(byte) { return String(UnicodeScalar(byte)) }
            return "%" + hexDigits(byte, uppercase: true)
        }.joined()
    }
}
