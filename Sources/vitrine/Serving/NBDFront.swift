import Glibc
import Logging
import Synchronization
import VitrineExports
import VitrineFormats
import VitrineServer

/// NBD as a front: a server, and the sockets that its clients come by.
final class NBDFront: Front {
    /// The sockets that clients come by.
    enum Listening: Sendable {
        /// One client, on standard input and output.
        case standardFiles
        /// Sockets that another process has passed to this one, which listen or are connected.
        case passed([Int32])
        /// A TCP port of this address or host name. Nil for both loopback addresses.
        case tcp(host: String?, port: Int)
        /// The Unix socket at this path. Nil for one in a new private directory.
        case unix(SystemString?)
    }

    private let server: Server
    private let listening: Listening
    private let exportName: String
    private let ending: Ending<ServingEnd>
    private let address = Mutex<NBDAddress?>(nil)

    /// A server of `exports`, whose address is that of the export called `exportName`. Tells `ending` if it cannot serve any more, or
    /// need not.
    ///
    /// Throws if the system has not enough threads or files.
    init(
        _ exports: ExportList, _ listening: Listening, exportName: String, _ engine: Engine,
        _ logger: Logger, _ ending: Ending<ServingEnd>
    ) throws(ServerError) {
        server = try Server(exports, engine, logger) { ending.end(.broken($0)) }
        self.listening = listening
        self.exportName = exportName
        self.ending = ending
    }

    func start() throws -> FrontAddress? {
        let found = try listen()
        address.withLock { $0 = found }
        return found?.front(exportName)
    }

    func stop() {
        // Clients get their answers before the socket goes.
        server.stop()
        address.withLock { $0 }?.remove()
    }

    private func listen() throws -> NBDAddress? {
        switch listening {
        case .standardFiles:
            try StandardFiles.requireClient(STDIN_FILENO, "standard input")
            try StandardFiles.requireClient(STDOUT_FILENO, "standard output")
            try server.serve(input: STDIN_FILENO, output: STDOUT_FILENO) { self.ending.end(.clientLeft) }
            return nil
        case .passed(let sockets):
            try serve(sockets)
            return nil
        case .tcp(let host, let port):
            return try .tcp(server, host: host, port: port)
        case .unix(let path):
            var socket = try UnixSocketPath(path)
            do {
                try server.listen(unixSocket: socket.path)
            } catch {
                socket.removeDirectory()
                throw error
            }
            socket.noteListening()
            return .unix(socket)
        }
    }

    /// Serves the clients that connect to `sockets`, or are connected to them. If all are connected, the server ends with the last.
    private func serve(_ sockets: [Int32]) throws {
        let left = Monitor(sockets.count)
        for socket in sockets {
            switch try PassedSocket(socket) {
            case .listening: try server.listen(descriptor: socket)
            case .connected:
                try server.serve(connection: socket) {
                    let isLast = left.withLock { left in
                        left -= 1
                        return left == 0
                    }
                    if isLast { self.ending.end(.clientLeft) }
                }
            }
        }
    }
}
