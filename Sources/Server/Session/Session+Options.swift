import NIOCore
import VitrineExports
import VitrineFormats

// The handshake: doc/proto.md, "Fixed newstyle negotiation" and "Option types".
extension Session {
    /// The longest data an option may have, in bytes. The longest that makes sense is an INFO with a name of 4096 bytes and 65535
    /// requests of 2 bytes.
    static let maximumOption = 256 << 10

    /// The most options of a client, and the most that are added for each export. No client needs more.
    private static let maximumOptions = 64
    private static let optionsPerExport = 8

    /// The most metadata contexts at once: each is a chunk of every block status reply.
    private static let maximumContexts = 64

    /// The largest read that is answered, in bytes. Clients are told this limit.
    static let maximumPayload: UInt32 = 32 << 20

    mutating func receiveOption(_ input: inout ByteBuffer, _ output: inout ByteBuffer) -> Step? {
        let start = input.readerIndex
        guard let magic = input.getInteger(at: start, as: UInt64.self) else { return nil }
        guard magic == NBD.optionMagic else { return close("option magic is \(magic)") }
        guard let number = input.getInteger(at: start + 8, as: UInt32.self),
            let length = input.getInteger(at: start + 12, as: UInt32.self)
        else { return nil }
        guard length <= Self.maximumOption else {
            return close("option \(number) has \(length) bytes of data")
        }
        guard input.readableBytes >= 16 + Int(length) else { return nil }
        input.moveReaderIndex(forwardBy: 16)
        guard var data = input.readSlice(length: Int(length)) else { return nil }

        optionsSeen += 1
        guard optionsSeen <= Self.maximumOptions + Self.optionsPerExport * exports.all.count else {
            return close("the client sent \(optionsSeen) options")
        }
        let option = NBD.Option(rawValue: number)
        guard isFixedNewstyle || option == .exportName else {
            return close("option \(number) from a client that did not negotiate fixed newstyle")
        }
        if option == .abort {
            reply(.ack, to: number, &output)
            return close("the client aborted the handshake")
        }
        if isShuttingDown {
            guard option != .exportName else { return close("the server is shutting down") }
            refuse(.shutdown, "the server is shutting down", number, &output)
            return .goOn
        }
        switch option {
        case .exportName: return exportName(&data, &output)
        case .list: list(data, &output)
        case .info, .go: chooseExport(&data, number, enters: option == .go, &output)
        case .structuredReply: structuredReply(data, &output)
        case .listMetaContext: metaContext(&data, number, isListing: true, &output)
        case .setMetaContext: metaContext(&data, number, isListing: false, &output)
        case .startTLS: refuse(.policy, "this server was started without TLS", number, &output)
        case .abort, nil: refuse(.unsupported, "option \(number) is not known here", number, &output)
        }
        return .goOn
    }

    // MARK: Replies to options

    private func reply(
        _ type: NBD.OptionReply, to option: UInt32, length: Int = 0, _ output: inout ByteBuffer
    ) {
        output.writeMultipleIntegers(NBD.optionReplyMagic, option, type.rawValue, UInt32(length))
    }

    private func refuse(
        _ type: NBD.OptionReply, _ text: String, _ option: UInt32, _ output: inout ByteBuffer
    ) {
        let text = text.utf8.prefix(NBD.maximumString)
        reply(type, to: option, length: text.count, &output)
        output.writeBytes(text)
    }

    // MARK: Options

    /// NBD_OPT_EXPORT_NAME: the old way into the transmission phase, which has no reply that refuses.
    private mutating func exportName(_ data: inout ByteBuffer, _ output: inout ByteBuffer) -> Step {
        guard let name = Self.string(&data, data.readableBytes), let export = exports[name] else {
            return close("the client asked for an export that does not exist")
        }
        output.writeMultipleIntegers(export.source.size, transmissionFlags.rawValue)
        if !noZeroes { output.writeRepeatingByte(0, count: 124) }
        enter(export)
        return .goOn
    }

    /// NBD_OPT_LIST.
    private func list(_ data: ByteBuffer, _ output: inout ByteBuffer) {
        let option = NBD.Option.list.rawValue
        guard data.readableBytes == 0 else {
            return refuse(.invalid, "LIST takes no data", option, &output)
        }
        for export in exports.all {
            let name = Array(export.name.utf8)
            let description = export.description.utf8.prefix(NBD.maximumString)
            reply(.server, to: option, length: 4 + name.count + description.count, &output)
            output.writeInteger(UInt32(name.count))
            output.writeBytes(name)
            output.writeBytes(description)
        }
        reply(.ack, to: option, &output)
    }

    /// NBD_OPT_INFO and NBD_OPT_GO, which give the same answers.
    private mutating func chooseExport(
        _ data: inout ByteBuffer, _ option: UInt32, enters: Bool, _ output: inout ByteBuffer
    ) {
        guard let length = data.readInteger(as: UInt32.self), let name = Self.string(&data, Int(length)),
            let count = data.readInteger(as: UInt16.self), data.readableBytes == 2 * Int(count)
        else { return refuse(.invalid, "the lengths in this option do not add up", option, &output) }
        var wanted: Set<UInt16> = []
        while let number = data.readInteger(as: UInt16.self) { wanted.insert(number) }
        guard let export = exports[name] else {
            return refuse(.unknown, "there is no export \"\(name)\"", option, &output)
        }

        reply(.info, to: option, length: 12, &output)
        output.writeMultipleIntegers(
            NBD.Info.export.rawValue, export.source.size, transmissionFlags.rawValue)
        // Any alignment will do; 4096 suits those who ask.
        reply(.info, to: option, length: 14, &output)
        output.writeMultipleIntegers(
            NBD.Info.blockSize.rawValue, UInt32(1), UInt32(4096), Self.maximumPayload)
        if wanted.contains(NBD.Info.name.rawValue) { info(.name, export.name, option, &output) }
        if wanted.contains(NBD.Info.description.rawValue) {
            info(.description, export.description, option, &output)
        }
        reply(.ack, to: option, &output)
        if enters { enter(export) }
    }

    private func info(_ type: NBD.Info, _ text: String, _ option: UInt32, _ output: inout ByteBuffer) {
        let text = text.utf8.prefix(NBD.maximumString)
        reply(.info, to: option, length: 2 + text.count, &output)
        output.writeInteger(type.rawValue)
        output.writeBytes(text)
    }

    /// NBD_OPT_STRUCTURED_REPLY.
    private mutating func structuredReply(_ data: ByteBuffer, _ output: inout ByteBuffer) {
        let option = NBD.Option.structuredReply.rawValue
        guard data.readableBytes == 0 else {
            return refuse(.invalid, "STRUCTURED_REPLY takes no data", option, &output)
        }
        guard !replies.isStructured else {
            return refuse(.invalid, "structured replies are negotiated already", option, &output)
        }
        replies = ReplyWriter(isStructured: true)
        reply(.ack, to: option, &output)
    }

    /// NBD_OPT_LIST_META_CONTEXT and NBD_OPT_SET_META_CONTEXT.
    private mutating func metaContext(
        _ data: inout ByteBuffer, _ option: UInt32, isListing: Bool, _ output: inout ByteBuffer
    ) {
        if !isListing {
            // A new selection replaces the old one, even if it fails.
            contexts = []
            contextsExport = nil
            guard replies.isStructured else {
                return refuse(.invalid, "negotiate structured replies first", option, &output)
            }
        }
        guard let length = data.readInteger(as: UInt32.self), let name = Self.string(&data, Int(length)),
            let count = data.readInteger(as: UInt32.self), let queries = Self.queries(&data, count)
        else { return refuse(.invalid, "the lengths in this option do not add up", option, &output) }
        guard let export = exports[name] else {
            return refuse(.unknown, "there is no export \"\(name)\"", option, &output)
        }
        if isListing {
            for name in MetaContextList(of: export).listing(queries) {
                metaContext(name, id: 0, option, &output)
            }
        } else {
            let selection = MetaContextList(of: export).selection(queries, of: export.source)
            guard selection.count <= Self.maximumContexts else {
                return refuse(
                    .tooBig,
                    "\(selection.count) metadata contexts; \(Self.maximumContexts) are the most at once",
                    option, &output)
            }
            contexts = selection
            contextsExport = export.name
            for context in selection { metaContext(context.name, id: context.id, option, &output) }
        }
        reply(.ack, to: option, &output)
    }

    private func metaContext(_ name: String, id: UInt32, _ option: UInt32, _ output: inout ByteBuffer) {
        reply(.metaContext, to: option, length: 4 + name.utf8.count, &output)
        output.writeInteger(id)
        output.writeString(name)
    }

    /// Reads `count` strings. Nil if something is wrong with them, or follows them.
    private static func queries(_ data: inout ByteBuffer, _ count: UInt32) -> [String]? {
        var queries: [String] = []
        // Each takes 4 bytes at least, so the data bounds the loop, however large `count` is.
        for _ in 0..<count {
            guard let length = data.readInteger(as: UInt32.self),
                let query = string(&data, Int(length))
            else { return nil }
            queries.append(query)
        }
        return data.readableBytes == 0 ? queries : nil
    }

    /// Reads a string as in "String values": UTF-8 without NUL, of at most 4096 bytes. Nil if it is none.
    private static func string(_ data: inout ByteBuffer, _ length: Int) -> String? {
        guard length <= NBD.maximumString, let bytes = data.readBytes(length: length), !bytes.contains(0)
        else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private var transmissionFlags: NBD.TransmissionFlags {
        let flags: NBD.TransmissionFlags = [
            .hasFlags, .readOnly, .sendFlush, .sendFUA, .canMultiConn, .sendCache,
        ]
        // Must not be offered unless structured replies were negotiated.
        return replies.isStructured ? flags.union(.sendDF) : flags
    }

    private mutating func enter(_ export: Export) {
        self.export = export
        if contextsExport != export.name { contexts = [] }
        state = .transmission
    }
}
