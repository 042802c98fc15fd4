package import NIOCore

/// One client's conversation, as a value: bytes in, bytes and events out, no I/O.
///
/// The caller owns the connection. It hands over what it has received, sends what was
/// written to `output`, and performs the events. Source: doc/proto.md.
package struct Session: Sendable {
    package enum Event: Equatable, Sendable {
        /// Perform this, and reply with `replies`.
        case perform(Request)
        /// Send what is in the output before going on: there is much of it.
        case pause
        /// Send what is in the output, finish the requests under way, and close.
        case close(reason: String)
    }

    enum State: Equatable {
        case clientFlags
        case options
        case transmission
        /// Passing over the payload of a request that is refused; then comes the reply.
        case refusing(cookie: UInt64, payload: UInt64)
        case closed
    }

    let exports: ExportList
    var state = State.clientFlags
    /// Whether the client takes an EXPORT_NAME reply without its 124 zeroes.
    var noZeroes = false
    /// Whether the client speaks fixed newstyle: options other than EXPORT_NAME.
    var isFixedNewstyle = false
    var optionsSeen = 0
    var isShuttingDown = false
    /// The metadata contexts selected, and for which export.
    var contexts: [MetaContext] = []
    var contextsExport: String?

    /// How to write replies, as negotiated so far.
    package internal(set) var replies = ReplyWriter(isStructured: false)

    /// What the client has chosen; nil until the handshake is over.
    package internal(set) var export: Export?

    /// A conversation with a client that has just connected.
    package init(_ exports: ExportList) {
        self.exports = exports
    }

    /// Whether the transmission phase has been reached.
    package var isTransmitting: Bool { export != nil }

    /// Says hello; to be called once, first.
    package func greet(_ output: inout ByteBuffer) {
        let flags: NBD.HandshakeFlags = [.fixedNewstyle, .noZeroes]
        output.writeMultipleIntegers(NBD.magic, NBD.optionMagic, flags.rawValue)
    }

    /// From now on, everything that comes in is answered with the news that the server is going away.
    package mutating func shutDown() {
        isShuttingDown = true
    }

    /// Takes the next messages from `input`, up to the first that is an event; nil when it needs more.
    ///
    /// What can be answered at once is answered in `output`. `input` keeps what is not a whole
    /// message yet; it never needs to hold more than `maximumInput` bytes for one to be whole.
    package mutating func receive(_ input: inout ByteBuffer, _ output: inout ByteBuffer) -> Event? {
        while true {
            // A client may ask for long answers faster than it reads them.
            if output.readableBytes >= Self.maximumOutput && input.readableBytes > 0 { return .pause }
            switch state {
            case .clientFlags:
                guard let flags = input.readInteger(as: UInt32.self) else { return nil }
                if let event = accept(clientFlags: flags) { return event }
            case .options:
                guard let event = receiveOption(&input, &output) else { return nil }
                if case .stop(let event) = event { return event }
            case .transmission:
                guard let event = receiveRequest(&input, &output) else { return nil }
                if case .stop(let event) = event { return event }
            case .refusing(let cookie, let payload):
                let count = min(payload, UInt64(input.readableBytes))
                input.moveReaderIndex(forwardBy: Int(count))
                guard count == payload else {
                    state = .refusing(cookie: cookie, payload: payload - count)
                    return nil
                }
                replies.failure(cookie, .notPermitted, "this image is read-only", &output)
                state = .transmission
            case .closed:
                input.moveReaderIndex(forwardBy: input.readableBytes)
                return nil
            }
        }
    }

    /// How much output, in bytes, there may be before it is to be sent.
    private static let maximumOutput = 64 << 10

    /// The most bytes of input that one message takes.
    package static let maximumInput = maximumOption + 16

    /// What a step of the conversation leads to.
    enum Step {
        case goOn
        case stop(Event)
    }

    mutating func close(_ reason: String) -> Step {
        state = .closed
        return .stop(.close(reason: reason))
    }

    /// "Fixed newstyle negotiation": the client's answer to the greeting.
    private mutating func accept(clientFlags: UInt32) -> Event? {
        let known: NBD.HandshakeFlags = [.fixedNewstyle, .noZeroes]
        guard clientFlags & ~UInt32(known.rawValue) == 0 else {
            state = .closed
            return .close(reason: "client flags are \(clientFlags), with bits that were not offered")
        }
        let flags = NBD.HandshakeFlags(rawValue: UInt16(clientFlags))
        isFixedNewstyle = flags.contains(.fixedNewstyle)
        noZeroes = flags.contains(.noZeroes)
        state = .options
        return nil
    }
}
