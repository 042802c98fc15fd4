package import Logging
import NIOCore
import NIOPosix
import Synchronization
package import VitrineExports
package import VitrineFormats

/// Serves exports to any number of clients, until it is stopped.
package final class Server: Sendable {
    private struct State {
        var acceptors: [Acceptor] = []
        var connections: [ObjectIdentifier: any Channel] = [:]
        var isStopping = false
    }

    /// The time between two checks of the workers' progress.
    private static let watchInterval: TimeAmount = .seconds(5)

    private let exports: ExportList
    private let configuration: ServerConfiguration
    private let workers: Workers
    private let logger: Logger
    private let group: MultiThreadedEventLoopGroup
    private let state = Mutex(State())
    private let broken: @Sendable (ServerError) -> Void
    private let failures = FailureLog()
    private let scratch = ThreadSpecificVariable<OutputScratch>()
    private let coldLimit = ColdLimit()

    /// A server of `exports`. The workers of `engine` do the work that takes waiting.
    ///
    /// It listens nowhere yet. `broken` is called when one of its sockets can take no more connections. Throws if the system has
    /// not enough threads or files.
    package init(
        _ exports: ExportList, _ engine: Engine, _ logger: Logger,
        _ configuration: ServerConfiguration = ServerConfiguration(),
        whenBroken broken: @escaping @Sendable (ServerError) -> Void
    ) throws(ServerError) {
        self.exports = exports
        self.configuration = configuration
        workers = engine.workers
        self.logger = logger
        self.broken = broken
        group = try EventLoops.start(configuration.threads)
        let seconds = configuration.stallTime
        let watch = Mutex(StallWatch(workers.progress, seconds: seconds, now: monotonicTime()))
        group.next().scheduleRepeatedTask(initialDelay: Self.watchInterval, delay: Self.watchInterval) {
            [weak self] task in
            guard let self else { return task.cancel() }
            let now = monotonicTime()
            guard watch.withLock({ $0.hasStopped(self.workers.progress, now: now) }) else { return }
            giveUp(WorkersStalled(since: now - seconds * 1_000_000_000, seconds: seconds))
        }
    }

    /// Makes connections reply with an error to the requests that the workers make no progress on.
    func giveUp(_ stall: WorkersStalled) {
        for connection in state.withLock({ Array($0.connections.values) }) {
            connection.pipeline.fireUserInboundEventTriggered(stall)
        }
    }

    // MARK: Starting

    /// Listens on a Unix socket that it makes at `path`. The socket's file is still there when the server has ended.
    package func listen(unixSocket path: SystemString) throws(ServerError) {
        try listen(ListeningSocket(unixSocket: path))
    }

    /// Listens on `port` of the address or host name `host`; 0 stands for any free port.
    ///
    /// Returns the port.
    package func listen(host: String, port: Int) throws(ServerError) -> Int {
        let socket = try ListeningSocket(host: host, port: port)
        let bound = socket.port ?? port
        try listen(socket)
        return bound
    }

    /// Accepts connections from `descriptor`, a socket that listens already.
    package func listen(descriptor: Int32) throws(ServerError) {
        try listen(ListeningSocket(passed: descriptor))
    }

    private func listen(_ socket: ListeningSocket) throws(ServerError) {
        let acceptor: Acceptor
        do throws(ServerError) {
            acceptor = try Acceptor(socket, connected: take) { errorNumber, isFinal in
                let text = systemMessage(errorNumber)
                if isFinal {
                    self.broken(ServerError("no connections can be taken any more: \(text)"))
                } else {
                    self.failures.note("a connection could not be taken", text, self.logger)
                }
            }
        } catch {
            socket.close()
            throw error
        }
        state.withLock { $0.acceptors.append(acceptor) }
    }

    /// Serves the client that is connected to the socket `connection`.
    private func take(_ connection: Int32) {
        connect(connection).whenFailure { error in
            self.logger.debug("a client left at once: \(error)")
        }
    }

    private func connect(_ connection: Int32) -> EventLoopFuture<any Channel> {
        ClientBootstrap(group: group)
            .channelOption(.autoRead, value: false)
            // Requests and replies are small, and each waits for the other. The option has no effect on a Unix socket.
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { self.prepare($0) }
            .withConnectedSocket(connection)
    }

    /// Serves one client, which is connected to the socket `connection`, and calls `ended` when it has left.
    package func serve(
        connection: Int32, whenEnded ended: @escaping @Sendable () -> Void
    ) throws(ServerError) {
        try serve(on: connection, ended) { connect(connection) }
    }

    /// Serves one client, which is connected to `input` and `output`, and calls `ended` when it has left.
    ///
    /// The two may be the same socket.
    package func serve(
        input: Int32, output: Int32, whenEnded ended: @escaping @Sendable () -> Void
    ) throws(ServerError) {
        try serve(on: input, ended) {
            NIOPipeBootstrap(group: group)
                .channelOption(.autoRead, value: false)
                .channelInitializer { self.prepare($0) }
                .takingOwnershipOfDescriptors(input: input, output: output)
        }
    }

    private func serve(
        on descriptor: Int32, _ ended: @escaping @Sendable () -> Void,
        _ connect: () -> EventLoopFuture<any Channel>
    ) throws(ServerError) {
        let what = "cannot talk to the client on file descriptor \(descriptor)"
        do {
            try connect().wait().closeFuture.whenComplete { _ in ended() }
        } catch let error as IOError {
            throw ServerError(
                "\(what): \(systemMessage(error.errnoCode))", errorNumber: error.errnoCode)
        } catch {
            throw ServerError("\(what): \(error)")
        }
    }

    private func prepare(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            var logger = logger
            logger[metadataKey: "client"] = "\(Self.name(of: channel.remoteAddress))"
            let handler = ConnectionHandler(exports, workers, loopScratch(), coldLimit, failures, logger)
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

    /// The log's name for a client.
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

    /// Takes no more connections, lets the present ones finish what they are doing, and returns when all are closed. After a few
    /// seconds, the remaining ones are cut off.
    package func stop() {
        let (acceptors, connections) = state.withLock { state in
            state.isStopping = true
            return (state.acceptors, Array(state.connections.values))
        }
        for acceptor in acceptors { acceptor.end() }
        for connection in connections {
            connection.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
        let closed = EventLoopFuture<Void>.andAllComplete(
            connections.map(\.closeFuture), on: group.any())
        let cutOff = group.any().scheduleTask(in: .seconds(configuration.stoppingTime)) {
            for connection in connections { connection.close(promise: nil) }
        }
        try? closed.wait()
        cutOff.cancel()
        failures.sumUp(logger)
        // The event loops end with the process: SwiftNIO would start a thread to end them, and wait for ever if none can be started.
    }
}
