package import Logging
import NIOCore
import NIOPosix
import Synchronization
package import VitrineFormats

/// Serves exports to any number of clients, until it is stopped.
package final class Server: Sendable {
    private struct State {
        var listeners: [any Channel] = []
        var connections: [ObjectIdentifier: any Channel] = [:]
        var isStopping = false
    }

    /// How long clients have, once the server is stopped, before they are cut off.
    private static let stoppingTime: TimeAmount = .seconds(6)

    private let exports: ExportList
    private let workers: Workers
    private let logger: Logger
    private let group: MultiThreadedEventLoopGroup
    private let state = Mutex(State())
    private let scratch = ThreadSpecificVariable<OutputScratch>()
    private let coldLimit = ColdLimit()

    /// A server of `exports`, which has `engine`'s workers do what takes waiting.
    ///
    /// It listens nowhere yet.
    package init(_ exports: ExportList, _ engine: Engine, _ logger: Logger) {
        self.exports = exports
        workers = engine.workers
        self.logger = logger
        group = MultiThreadedEventLoopGroup(numberOfThreads: Workers.cores)
    }

    // MARK: Starting

    /// Listens on a Unix socket that it makes at `path`.
    package func listen(unixSocket path: String) throws(ServerError) {
        _ = try wait("cannot listen on \(path)") {
            try bootstrap().bind(unixDomainSocketPath: path).wait()
        }
    }

    /// Listens on `port` of the address or host name `host`; 0 stands for any free port.
    ///
    /// Returns the port.
    package func listen(host: String, port: Int) throws(ServerError) -> Int {
        let channel = try wait("cannot listen on port \(port) of \(host)") {
            try bootstrap().bind(host: host, port: port).wait()
        }
        return channel.localAddress?.port ?? port
    }

    /// Accepts connections from `descriptor`, a socket that listens already.
    package func listen(descriptor: Int32) throws(ServerError) {
        _ = try wait("cannot take connections from file descriptor \(descriptor)") {
            try bootstrap().withBoundSocket(descriptor).wait()
        }
    }

    /// Serves one client, which is connected to `input` and `output`, and calls `ended` when it has left.
    ///
    /// The two may be the same socket.
    package func serve(
        input: Int32, output: Int32, whenEnded ended: @escaping @Sendable () -> Void
    ) throws(ServerError) {
        let channel = try wait("cannot talk to the client on file descriptor \(input)") {
            try NIOPipeBootstrap(group: group)
                .channelOption(.autoRead, value: false)
                .channelInitializer { self.prepare($0) }
                .takingOwnershipOfDescriptors(input: input, output: output).wait()
        }
        channel.closeFuture.whenComplete { _ in ended() }
    }

    private func wait<Result>(
        _ what: String, _ body: () throws -> Result
    ) throws(ServerError) -> Result {
        do {
            return try body()
        } catch let error as IOError {
            throw ServerError(
                "\(what): \(systemMessage(error.errnoCode))", errorNumber: error.errnoCode)
        } catch let error as SocketAddressError.UnknownHost {
            throw ServerError("\(what): \(error.errorDescription)")
        } catch {
            throw ServerError("\(what): \(error)")
        }
    }

    private func bootstrap() -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                self.state.withLock { $0.listeners.append(channel) }
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                switch channel.remoteAddress ?? channel.localAddress {
                case .v4, .v6:
                    // Requests and replies are small, and each waits for the other.
                    return channel.setOption(.tcpOption(.tcp_nodelay), value: 1)
                        .flatMap { self.prepare(channel) }
                default:
                    return self.prepare(channel)
                }
            }
    }

    private func prepare(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            var logger = logger
            logger[metadataKey: "client"] = "\(Self.name(of: channel.remoteAddress))"
            let handler = ConnectionHandler(exports, workers, loopScratch(), coldLimit, logger)
            try channel.pipeline.syncOperations.addHandler(handler)
            let identifier = ObjectIdentifier(channel)
            let isStopping = state.withLock { state in
                state.connections[identifier] = channel
                return state.isStopping
            }
            channel.closeFuture.whenComplete { _ in
                self.state.withLock { _ = $0.connections.removeValue(forKey: identifier) }
            }
            if isStopping { channel.close(promise: nil) }
        }
        .flatMap {
            channel.setOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 256 << 10))
        }
    }

    /// What the log calls a client.
    private static func name(of address: SocketAddress?) -> String {
        switch address {
        case .v4, .v6: "client at \(address?.ipAddress ?? "?"), port \(address?.port ?? 0)"
        case .unixDomainSocket: "client on the Unix socket"
        case nil: "client"
        }
    }

    /// The scratch buffer of the event loop that this runs on.
    private func loopScratch() -> OutputScratch {
        if let scratch = scratch.currentValue { return scratch }
        let new = OutputScratch()
        scratch.currentValue = new
        return new
    }

    // MARK: Stopping

    /// Takes no more connections, has those that there are finish what they are doing, and returns
    /// when all are closed; after a few seconds, those that are left are cut off.
    package func stop() {
        let (listeners, connections) = state.withLock { state in
            state.isStopping = true
            return (state.listeners, Array(state.connections.values))
        }
        for listener in listeners {
            try? listener.close().wait()
        }
        for connection in connections {
            connection.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
        let closed = EventLoopFuture<Void>.andAllComplete(
            connections.map(\.closeFuture), on: group.any())
        let cutOff = group.any().scheduleTask(in: Self.stoppingTime) {
            for connection in connections { connection.close(promise: nil) }
        }
        try? closed.wait()
        cutOff.cancel()
        try? group.syncShutdownGracefully()
    }
}
