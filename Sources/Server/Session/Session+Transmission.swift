import NIOCore
import VitrineExports
import VitrineFormats

// The transmission phase: doc/proto.md, "Transmission phase" and "Request types".
extension Session {
    /// The longest payload of a refused write that is passed over, in bytes. A longer one ends the conversation.
    private static let maximumRefused: UInt32 = 128 << 20
    private static let requestSize = 28

    mutating func receiveRequest(_ input: inout ByteBuffer, _ output: inout ByteBuffer) -> Step? {
        guard input.readableBytes >= Self.requestSize,
            let (magic, flags, type, cookie, offset, length) = input.readMultipleIntegers(
                as: (UInt32, UInt16, UInt16, UInt64, UInt64, UInt32).self)
        else { return nil }
        guard magic == NBD.requestMagic else { return close("request magic is \(magic)") }
        let flagSet = NBD.CommandFlags(rawValue: flags)
        let command = NBD.Command(rawValue: type)
        switch command {
        case .disconnect: return close("the client disconnected")
        case .write:
            // The payload follows in any case, and must be passed over to find the next request.
            guard length <= Self.maximumRefused else { return close("a write of \(length) bytes") }
            state = .refusing(cookie: cookie, payload: UInt64(length))
            return .goOn
        default: break
        }
        if isShuttingDown {
            replies.failure(cookie, .shutdown, "the server is shutting down", &output)
            return .goOn
        }
        switch command {
        case .trim, .writeZeroes:
            replies.failure(cookie, .notPermitted, "this image is read-only", &output)
        case .flush:
            // No data ever waits to be written. Offset and length should be 0, and mean nothing.
            replies.success(cookie, &output)
        case .read, .cache, .blockStatus:
            return check(command, flagSet, cookie, offset, length, &output)
        case .write, .disconnect, nil:
            replies.failure(cookie, .invalid, "command \(type) is not known here", &output)
        }
        return .goOn
    }

    /// Passes a valid request on, and answers any other.
    private func check(
        _ command: NBD.Command?, _ flags: NBD.CommandFlags, _ cookie: UInt64, _ offset: UInt64,
        _ length: UInt32, _ output: inout ByteBuffer
    ) -> Step {
        if let reason = objection(command, flags, offset, length) {
            replies.failure(cookie, .invalid, reason, &output)
            return .goOn
        }
        if flags.contains(.dontFragment) && UInt64(length) > ReadReply.pieceSize {
            replies.failure(
                cookie, .overflow, "\(ReadReply.pieceSize) bytes are the most that go into one chunk", &output
            )
            return .goOn
        }
        guard length > 0 else {
            if command == .read {
                replies.emptyRead(cookie, &output)
            } else {
                replies.success(cookie, &output)
            }
            return .goOn
        }
        let kind: Request.Kind =
            switch command {
            case .cache: .cache
            case .blockStatus: .blockStatus(onlyFirst: flags.contains(.requestOne))
            default: .read(mayFragment: replies.isStructured && !flags.contains(.dontFragment))
            }
        return .stop(
            .perform(Request(kind: kind, cookie: cookie, range: offset..<offset + UInt64(length))))
    }

    /// The reason that a request cannot be performed. Nil if it can.
    private func objection(
        _ command: NBD.Command?, _ flags: NBD.CommandFlags, _ offset: UInt64, _ length: UInt32
    ) -> String? {
        // FUA was offered, so it may come with any command, though it means nothing here.
        var allowed: NBD.CommandFlags = .fua
        switch command {
        case .read where replies.isStructured: allowed.insert(.dontFragment)
        case .blockStatus: allowed.insert(.requestOne)
        default: break
        }
        guard flags.isSubset(of: allowed) else {
            return "flags \(flags.rawValue) do not go with this command"
        }
        if command == .blockStatus {
            guard !contexts.isEmpty else { return "no metadata context was selected" }
            guard length > 0 else { return "a block status of 0 bytes" }
        }
        // By subtraction: the sum of offset and length can exceed 2^64.
        let size = export?.source.size ?? 0
        guard offset <= size, UInt64(length) <= size - offset else {
            return "\(length) bytes at \(offset) pass the end of the export at \(size)"
        }
        guard command != .read || length <= Self.maximumPayload else {
            return "a read of \(length) bytes; \(Self.maximumPayload) is the most"
        }
        return nil
    }
}
