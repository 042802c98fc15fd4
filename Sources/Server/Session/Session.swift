package import NIOCore
package import VitrineExports

/// One client's conversation, as a value: bytes in, bytes and events out, no I/O.
///
/// The caller owns the connection. It hands over the bytes received, sends those written to `output`, and performs the events.
/// Source: doc/proto.md.
package struct Session: Sendable {
    package enum Event: Equatable, Sendable {
        /// Perform this, and reply with `replies`.
        case perform(Request)
        /// Send the output before going on: it is long.
        case pause
        /// Send the output, finish the requests under way, and close.
        case close(reason: String)
    }

    enum State: Equatable {
        case clientFlags
        case options
        case transmission
        /// Passing over the payload of a refused request. The reply comes after it.
        case refusing(cookie: UInt64, payload: UInt64)
        case closed
    }

    let exports: ExportList
    var state = State.clientFlags
    /// True if the client takes an EXPORT_NAME reply without its 124 zeroes.
    var noZeroes = false
    /// True if the client speaks fixed newstyle: options other than EXPORT_NAME.
    var isFixedNewstyle = false
    var optionsSeen = 0
    var isShuttingDown = false
    /// The selected metadata contexts, and the name of the export that they were selected for.
    var contexts: [MetaContext] = []
    var contextsExport: String?

    /// Writes replies in the form negotiated so far.
    package internal(set) var replies = ReplyWriter(isStructured: false)

    /// The export that the client has chosen. Nil until the handshake is over.
    package internal(set) var export: Export?

    /// A conversation with a client that has just connected.
    package init(_ exports: ExportList) {
        self.exports = exports
    }

    /// True if the transmission phase has been reached.
    package var isTransmitting: Bool { export != nil }

    /// Writes the greeting. Must be called once, first.
    package func greet(_ output: inout ByteBuffer) {
        let flags: NBD.HandshakeFlags = [.fixedNewstyle, .noZeroes]
        output.writeMultipleIntegers(NBD.magic, NBD.optionMagic, flags.rawValue)
    }

    /// From now on, answers everything that comes in with the news that the server is shutting down.
    package mutating func shutDown() {
        isShuttingDown = true
    }

    /// Takes the next messages from `input`, up to the first that is an event. Nil if it needs more input.
    ///
    /// Messages that can be answered at once are answered in `output`. `input` keeps a message that is not whole yet; it never needs
    /// to hold more than `maximumInput` bytes for one to be whole.
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

    /// The bytes of output from which it must be sent before more is made.
    private static let maximumOutput = 64 << 10

    /// The most bytes of input that one message takes.
    package static let maximumInput = maximumOption + 16

    /// The result of a step of the conversation.
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
