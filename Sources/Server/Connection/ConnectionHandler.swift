import DequeModule
import Logging
import NIOCore
import NIOPosix
import Synchronization
import VitrineFormats

/// Connects a session to a socket, and to the image.
///
/// Runs on the connection's event loop. What can be answered without waiting is answered right
/// there, many replies in one write; the rest goes to the workers, whose replies come back in
/// any order. A client that does not read its replies is not read from either.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Requests of one connection that workers have at the same time; one with a large reply that
    /// cannot be sent in pieces counts as several.
    private static let maximumCold = 16
    /// Replies collected before they are written, in bytes.
    private static let batchSize = 64 << 10
    /// How long a client may take to choose an export.
    private static let handshakeTime: TimeAmount = .seconds(10)
    /// How long a client may take to read what it was sent before the end.
    private static let closingTime: TimeAmount = .seconds(5)

    /// What a worker has done for this connection.
    private struct Completion: Sendable {
        var output: ByteBuffer
        /// The reply that has more steps to do.
        var unfinished: ReadReply?
        var error: ImageError?
        var request: Request
        var cost = 1
    }

    /// Work that came back and has not been picked up yet.
    private final class Completions: Sendable {
        private let list = Mutex<[Completion]>([])

        /// Adds one; true when the list was empty.
        func add(_ completion: Completion) -> Bool {
            list.withLock { list in
                list.append(completion)
                return list.count == 1
            }
        }

        func takeAll() -> [Completion] {
            list.withLock { list in
                defer { list = [] }
                return list
            }
        }
    }

    private var session: Session
    private let workers: Workers
    private let scratch: OutputScratch
    private let logger: Logger
    private let completions = Completions()

    private var inbound = ByteBuffer()
    /// Replies that have more steps to do, and wait for the client to read what it was sent.
    private var stalled: Deque<ReadReply> = []
    private var cold = 0
    private var closeReason: String?
    private var isPumping = false
    private var isReading = false
    private var isActive = false
    private var isClosing = false
    private var handshakeTimer: Scheduled<Void>?

    init(_ exports: ExportList, _ workers: Workers, _ scratch: OutputScratch, _ logger: Logger) {
        session = Session(exports)
        self.workers = workers
        self.scratch = scratch
        self.logger = logger
    }

    // MARK: Events

    func channelActive(context: ChannelHandlerContext) {
        isActive = true
        logger.debug("connected")
        var output = ByteBuffer()
        session.greet(&output)
        context.writeAndFlush(wrapOutboundOut(output), promise: nil)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        handshakeTimer = context.eventLoop.scheduleTask(in: Self.handshakeTime) {
            let (handler, context) = bound.value
            handler.close(context, "the client chose no export within 10 s")
        }
        readMore(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var data = unwrapInboundIn(data)
        if inbound.readableBytes == 0 {
            inbound = data
        } else {
            inbound.discardReadBytes()
            inbound.writeBuffer(&data)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        pump(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { pump(context) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isActive = false
        handshakeTimer?.cancel()
        logger.debug("disconnected")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("connection failed: \(error)")
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            // What is under way is finished; what comes after it is refused.
            session.shutDown()
            closeReason = closeReason ?? "the server is shutting down"
            pump(context)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: The pump

    /// Does everything that can be done now: takes requests, makes replies, writes them.
    private func pump(_ context: ChannelHandlerContext) {
        // Writing may change the channel's writability, which comes back here.
        guard !isPumping else { return }
        isPumping = true
        defer { isPumping = false }

        while context.channel.isWritable {
            var output = scratch.take()
            while output.readableBytes < Self.batchSize, advance(context, &output) {}
            let isEmpty = output.readableBytes == 0
            if !isEmpty { context.writeAndFlush(wrapOutboundOut(output), promise: nil) }
            scratch.give(output)
            if isEmpty { break }
        }

        if session.isTransmitting { handshakeTimer?.cancel() }
        if let closeReason, cold == 0, stalled.isEmpty {
            close(context, closeReason)
        } else {
            readMore(context)
        }
    }

    /// Takes one step; false when there is none to take now.
    private func advance(_ context: ChannelHandlerContext, _ output: inout ByteBuffer) -> Bool {
        if let reply = stalled.popFirst() {
            continueReply(reply, context, &output)
            return true
        }
        guard cold < Self.maximumCold else { return false }
        guard let event = session.receive(&inbound, &output) else { return false }
        switch event {
        case .close(let reason):
            closeReason = reason
            return false
        case .perform(let request):
            perform(request, context, &output)
            return true
        }
    }

    private func perform(
        _ request: Request, _ context: ChannelHandlerContext, _ output: inout ByteBuffer
    ) {
        guard let source = session.export?.source else { return }
        let replies = session.replies
        switch request.kind {
        case .read(let mayFragment):
            continueReply(ReadReply(request, replies, mayFragment: mayFragment), context, &output)
        case .cache:
            submit(context) {
                var output = ByteBuffer()
                do throws(ImageError) {
                    try source.prefetch(request.range)
                    replies.success(request.cookie, &output)
                    return Completion(output: output, request: request)
                } catch {
                    replies.failure(request.cookie, NBD.ErrorCode(error), error.description, &output)
                    return Completion(output: output, error: error, request: request)
                }
            }
        case .blockStatus(let onlyFirst):
            let contexts = session.contexts
            submit(context) {
                var output = ByteBuffer()
                let error = StatusReply.write(
                    request, onlyFirst: onlyFirst, contexts, replies, from: source, to: &output)
                return Completion(output: output, error: error, request: request)
            }
        }
    }

    /// Takes one step of a reply here, or has a worker take it where that means waiting.
    private func continueReply(
        _ reply: ReadReply, _ context: ChannelHandlerContext, _ output: inout ByteBuffer
    ) {
        guard let source = session.export?.source else { return }
        var reply = reply
        switch reply.step(from: source, to: &output, mayWait: false) {
        case .done: break
        case .more: stalled.append(reply)
        case .failed(let error): report(error, reply.request)
        case .mustWait:
            let waiting = reply
            submit(context, cost: min(reply.pieces, Self.maximumCold)) {
                var reply = waiting
                var output = ByteBuffer()
                var completion = Completion(output: output, request: reply.request)
                switch reply.step(from: source, to: &output, mayWait: true) {
                case .more, .mustWait: completion.unfinished = reply
                case .failed(let error): completion.error = error
                case .done: break
                }
                completion.output = output
                return completion
            }
        }
    }

    // MARK: Workers

    private func submit(
        _ context: ChannelHandlerContext, cost: Int = 1, _ work: @escaping @Sendable () -> Completion
    ) {
        cold += cost
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        workers.submit(.now) { [completions] in
            var completion = work()
            completion.cost = cost
            guard completions.add(completion) else { return }
            loop.execute {
                let (handler, context) = bound.value
                handler.pickUp(context)
            }
        }
    }

    /// Writes what the workers have finished since the last time.
    private func pickUp(_ context: ChannelHandlerContext) {
        let finished = completions.takeAll()
        guard isActive else { return }
        for completion in finished {
            cold -= completion.cost
            if let error = completion.error { report(error, completion.request) }
            if let reply = completion.unfinished { stalled.append(reply) }
            context.write(wrapOutboundOut(completion.output), promise: nil)
        }
        context.flush()
        pump(context)
    }

    // MARK: The channel

    /// Has more read from the socket, unless what came before it is still unanswered.
    private func readMore(_ context: ChannelHandlerContext) {
        guard !isReading, closeReason == nil, context.channel.isWritable, stalled.isEmpty,
            cold < Self.maximumCold, inbound.readableBytes < Session.maximumInput
        else { return }
        isReading = true
        context.read()
    }

    private func close(_ context: ChannelHandlerContext, _ reason: String) {
        guard !isClosing else { return }
        isClosing = true
        closeReason = reason
        logger.debug("closing: \(reason)")
        // Closing drops what is not written yet, so it comes after the last write.
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let timer = context.eventLoop.scheduleTask(in: Self.closingTime) {
            bound.value.close(promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in
            timer.cancel()
            bound.value.close(promise: nil)
        }
    }

    private func report(_ error: ImageError, _ request: Request) {
        let range = request.range
        logger.warning(
            "\(range.upperBound - range.lowerBound) bytes at \(range.lowerBound) of export \"\(session.export?.name ?? "")\" cannot be read: \(error)"
        )
    }
}
