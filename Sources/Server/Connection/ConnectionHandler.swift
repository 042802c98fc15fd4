import DequeModule
import Logging
import NIOCore
import NIOPosix
import VitrineExports
import VitrineFormats

/// Connects a session to a socket, and to the image.
///
/// Runs on the connection's event loop. Requests that need no waiting are answered right there, many replies in one write; the
/// others go to the workers, whose replies come back in any order. A client that does not read its replies is not read from either.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The bytes of replies that are collected before they are written.
    private static let batchSize = 64 << 10
    /// The time a client has to choose an export.
    private static let handshakeTime: TimeAmount = .seconds(10)
    /// The time a client has, before the end, to read what it was sent and to close its side.
    private static let closingTime: TimeAmount = .seconds(4)
    /// The time for which requests are still taken, to be refused, when the server shuts down.
    private static let refusingTime: TimeAmount = .milliseconds(100)

    var session: Session
    let workers: Workers
    private let scratch: OutputScratch
    let coldLimit: ColdLimit
    let failures: FailureLog
    let logger: Logger
    let completions = Completions()

    private var inbound = ByteBuffer()
    /// Replies that have more steps to do, and wait for the client to read what it was sent.
    var stalled: Deque<ReadReply> = []
    /// The reply that nothing may interrupt: here, or at a worker.
    var unbroken: Unbroken?
    enum Unbroken {
        case ready(ReadReply)
        case withWorker
    }
    /// Results of workers that must not interrupt it.
    var held: Deque<Completion> = []
    /// The requests that workers have, or whose results are held.
    var cold = ColdRequests()
    private var closeReason: String?
    private var isPumping = false
    private var isReading = false
    var isActive = false
    var isClosing = false
    private var handshakeTimer: Scheduled<Void>?

    init(
        _ exports: ExportList, _ workers: Workers, _ scratch: OutputScratch, _ coldLimit: ColdLimit,
        _ failures: FailureLog, _ logger: Logger
    ) {
        session = Session(exports)
        self.workers = workers
        self.scratch = scratch
        self.coldLimit = coldLimit
        self.failures = failures
        self.logger = logger
    }

    // MARK: Events

    func channelActive(context: ChannelHandlerContext) {
        isActive = true
        coldLimit.add()
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
        guard !isClosing else { return }
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
        if isClosing {
            context.read()
        } else {
            pump(context)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { pump(context) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isActive = false
        coldLimit.remove()
        handshakeTimer?.cancel()
        logger.debug("disconnected")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("connection failed: \(error)")
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            // Requests under way are finished; later ones are refused.
            session.shutDown()
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: Self.refusingTime) {
                let (handler, context) = bound.value
                handler.closeReason = handler.closeReason ?? "the server is shutting down"
                handler.pump(context)
            }
            pump(context)
        } else if let stall = event as? WorkersStalled {
            giveUp(stall, context)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: The pump

    /// Does everything that can be done now: takes requests, makes replies, writes them.
    func pump(_ context: ChannelHandlerContext) {
        // Writing may change the channel's writability, which comes back here.
        guard !isPumping, !isClosing else { return }
        isPumping = true
        defer { isPumping = false }

        while context.channel.isWritable {
            writeHeld(context)
            var output = scratch.take()
            while output.readableBytes < Self.batchSize, advance(context, &output) {}
            let isEmpty = output.readableBytes == 0
            if !isEmpty { context.writeAndFlush(wrapOutboundOut(output), promise: nil) }
            scratch.give(output)
            if isEmpty { break }
        }

        if session.isTransmitting { handshakeTimer?.cancel() }
        if let closeReason, cold.count == 0, stalled.isEmpty, unbroken == nil, held.isEmpty {
            close(context, closeReason)
        } else {
            readMore(context)
        }
    }

    /// Takes one step. Returns false if there is none to take now.
    private func advance(_ context: ChannelHandlerContext, _ output: inout ByteBuffer) -> Bool {
        switch unbroken {
        case .withWorker: return false
        case .ready(let reply):
            unbroken = nil
            continueReply(reply, context, &output)
            return true
        case nil: break
        }
        if let reply = stalled.popFirst() {
            continueReply(reply, context, &output)
            return true
        }
        guard cold.count < coldLimit.current else { return false }
        guard let event = session.receive(&inbound, &output) else { return false }
        switch event {
        case .pause: return true
        case .close(let reason):
            closeReason = reason
            return false
        case .perform(let request):
            perform(request, context, &output)
            return true
        }
    }

    // MARK: The channel

    /// Reads more from the socket, unless earlier input is still unanswered.
    private func readMore(_ context: ChannelHandlerContext) {
        guard !isReading, closeReason == nil || session.isShuttingDown, context.channel.isWritable,
            stalled.isEmpty, cold.count < coldLimit.current, inbound.readableBytes < Session.maximumInput
        else { return }
        isReading = true
        context.read()
    }

    private func close(_ context: ChannelHandlerContext, _ reason: String) {
        guard !isClosing else { return }
        isClosing = true
        closeReason = reason
        logger.debug("closing: \(reason)")
        // Closing drops what is not written yet, so it comes after the last write. The client's data is read to its end, because TCP
        // would otherwise drop what the client has not read.
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.closingTime) {
            bound.value.close(promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in
            let context = bound.value
            context.close(mode: .output).whenFailure { _ in bound.value.close(promise: nil) }
            context.read()
        }
    }
}
