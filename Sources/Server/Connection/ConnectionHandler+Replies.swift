import DequeModule
import Logging
import NIOCore
import VitrineExports
import VitrineFormats

// Performs the requests of a connection: here if that takes no waiting, and otherwise at the workers.
extension ConnectionHandler {
    func perform(
        _ request: Request, _ context: ChannelHandlerContext, _ output: inout ByteBuffer
    ) {
        guard let source = session.export?.source else { return }
        let replies = session.replies
        switch request.kind {
        case .read(let mayFragment):
            continueReply(ReadReply(request, replies, mayFragment: mayFragment), context, &output)
        case .cache:
            submit(request, context) {
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
            guard
                !StatusReply.writeNow(
                    request, onlyFirst: onlyFirst, contexts, replies, from: source, to: &output)
            else { return }
            submit(request, context) {
                var output = ByteBuffer()
                let error = StatusReply.write(
                    request, onlyFirst: onlyFirst, contexts, replies, from: source, to: &output)
                return Completion(output: output, error: error, request: request)
            }
        }
    }

    /// Takes one step of a reply here, or at a worker if that means waiting.
    func continueReply(
        _ reply: ReadReply, _ context: ChannelHandlerContext, _ output: inout ByteBuffer
    ) {
        guard let source = session.export?.source else { return }
        var reply = reply
        switch reply.step(from: source, to: &output, mayWait: false) {
        case .done: break
        case .more: keep(reply)
        case .failed(let error): report(error, reply.request)
        case .broken(let error): breakOff(error, reply.request, context)
        case .mustWait:
            let waiting = reply
            if waiting.isUnbroken { unbroken = .withWorker }
            submit(reply.request, isUnbroken: waiting.isUnbroken, context) { [limit = coldLimit.replySize] in
                var reply = waiting
                var output = ByteBuffer()
                var completion = Completion(
                    output: output, isContinuation: reply.isUnbroken, request: reply.request)
                switch reply.step(from: source, to: &output, mayWait: true, limit: limit) {
                case .more, .mustWait: completion.unfinished = reply
                case .failed(let error): completion.error = error
                case .broken(let error):
                    completion.error = error
                    completion.isBroken = true
                case .done: break
                }
                completion.output = output
                return completion
            }
        }
    }

    /// Keeps a reply for its next step.
    private func keep(_ reply: ReadReply) {
        if reply.isUnbroken {
            unbroken = .ready(reply)
        } else {
            stalled.append(reply)
        }
    }

    /// Closes at once, in the middle of a reply whose rest cannot be read: simple replies have no other way to say so.
    private func breakOff(_ error: ImageError, _ request: Request, _ context: ChannelHandlerContext) {
        report(error, request)
        isClosing = true
        context.close(promise: nil)
    }

    // MARK: Workers

    private func submit(
        _ request: Request, isUnbroken: Bool = false, _ context: ChannelHandlerContext,
        _ work: @escaping @Sendable () -> Completion
    ) {
        let number = cold.add(request, isUnbroken: isUnbroken)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        workers.submit(.now) { [completions] in
            var completion = work()
            completion.number = number
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
            if unbroken == nil || completion.isContinuation {
                write(completion, context)
            } else {
                held.append(completion)
            }
        }
        context.flush()
        pump(context)
    }

    /// Writes the results that were held back, if nothing is in their way any more.
    func writeHeld(_ context: ChannelHandlerContext) {
        guard unbroken == nil, !held.isEmpty else { return }
        while unbroken == nil, let completion = held.popFirst() { write(completion, context) }
        context.flush()
    }

    private func write(_ completion: Completion, _ context: ChannelHandlerContext) {
        guard cold.remove(completion.number) else { return }
        if completion.isContinuation { unbroken = nil }
        if let error = completion.error {
            guard !completion.isBroken else { return breakOff(error, completion.request, context) }
            report(error, completion.request)
        }
        if let reply = completion.unfinished { keep(reply) }
        context.write(wrapOutboundOut(completion.output), promise: nil)
    }

    /// Replies with an error to the requests that the workers make no progress on.
    func giveUp(_ stall: WorkersStalled, _ context: ChannelHandlerContext) {
        guard isActive else { return }
        let error = StallWatch.error(after: stall.seconds)
        for (number, entry) in cold.waiting(since: stall.since) {
            // A reply that nothing may interrupt comes before the others, and they are given up when that one is out of the way.
            guard !isClosing, unbroken == nil || entry.isUnbroken else { continue }
            var output = ByteBuffer()
            session.replies.failure(
                entry.request.cookie, NBD.ErrorCode(error), error.description, &output)
            let completion = Completion(
                output: output, error: error, isContinuation: entry.isUnbroken, isBroken: entry.isUnbroken,
                request: entry.request, number: number)
            write(completion, context)
        }
        context.flush()
        pump(context)
    }

    private func report(_ error: ImageError, _ request: Request) {
        let range = request.range
        failures.note(
            "\(request.kind) of \(range.upperBound - range.lowerBound) bytes at \(range.lowerBound) "
                + "of export \"\(printable(session.export?.name ?? ""))\"", "\(error)", cause: error, logger)
    }
}
