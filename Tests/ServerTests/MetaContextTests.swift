import NIOCore
import Testing
import VitrineExports
import VitrineFormats

@testable import VitrineServer

/// LIST_META_CONTEXT and SET_META_CONTEXT.
@Suite struct MetaContextTests {
    private static let long = String(repeating: "n", count: 1023)
    private static let names = ["b0", "with:colon", "über ☃", "e\u{301}", "\u{e9}", long, "b0:", ":"]
    private static let both = ["base:allocation", "qemu:allocation-depth"]

    private static func exports(_ names: [String] = names) -> ExportList {
        ExportList([
            Export(name: "", description: "", source: BitmapDisk(size: 1 << 20, names: names)),
            Export(name: "plain", description: "", source: BitmapDisk(size: 1 << 20, names: [])),
        ])
    }

    /// A context in a reply.
    private struct Told: Equatable {
        var id: UInt32
        var name: [UInt8]
    }

    /// The answer to `option` with `queries`. Nil if it is an error.
    private func ask(
        _ option: UInt32, _ queries: [String], of name: String = "", _ exports: ExportList = exports()
    ) throws -> [Told]? {
        var client = ClientBytes()
        client.option(8)
        client.meta(option, name, queries)
        var session = Session(exports)
        var conversation = Conversation([])
        conversation.feed(client.bytes, to: &session)
        let replies = try #require(conversation.optionReplies).dropFirst()
        guard replies.last?.type == OptionReply.ack else { return nil }
        return replies.dropLast().map { reply in
            #expect(reply.type == 4)
            return Told(
                id: reply.data.prefix(4).reduce(0) { $0 << 8 | UInt32($1) },
                name: Array(reply.data.dropFirst(4))
            )
        }
    }

    private func list(
        _ queries: [String], of name: String = "", _ exports: ExportList = exports()
    ) throws -> [String]? {
        try ask(9, queries, of: name, exports)?.map { told in
            #expect(told.id == 0)
            return String(decoding: told.name, as: UTF8.self)
        }
    }

    @Test func listingWithoutQueriesTellsOfAll() throws {
        #expect(try list([]) == Self.both + Self.names.map { "qemu:dirty-bitmap:" + $0 })
        #expect(try list([], of: "plain") == Self.both)
    }

    @Test func wildcardsListWhatBeginsSo() throws {
        let bitmaps = Self.names.map { "qemu:dirty-bitmap:" + $0 }
        #expect(try list(["base:"]) == ["base:allocation"])
        #expect(try list(["qemu:"]) == ["qemu:allocation-depth"] + bitmaps)
        #expect(try list(["qemu:dirty-bitmap:"]) == bitmaps)
        #expect(
            try list(["qemu:dirty-bitmap:", "base:", "qemu:dirty-bitmap:"]) == ["base:allocation"] + bitmaps)
        #expect(try list(["qemu:", "base:"]) == Self.both + bitmaps)
        #expect(try list(["qemu:dirty-bitmap:"], of: "plain") == [])
    }

    /// Answers like qemu-nbd.
    @Test(arguments: [
        "", ":", "base", "qemu", "base:all", "base:allocation:", "Base:allocation", "qemu:allocation-depth:",
        "qemu:allocation", "qemu:dirty-bitmap", "qemu:dirty-bitmap:b", "qemu:dirty-bitmap:with:", "b0",
        "other:b0", "qemu:dirty-bitmap:over ☃",
    ])
    func anythingElseFindsNothing(_ query: String) throws {
        #expect(try ask(9, [query]) == [])
        #expect(try ask(10, [query]) == [])
        #expect(try list([query, "base:allocation"]) == ["base:allocation"])
    }

    @Test func wildcardsSelectNothing() throws {
        for query in ["base:", "qemu:", "qemu:dirty-bitmap:"] { #expect(try ask(10, [query]) == []) }
        #expect(try ask(10, []) == [])
    }

    @Test func everyNameSelectsItsContext() throws {
        let names = Self.both + Self.names.map { "qemu:dirty-bitmap:" + $0 }
        for name in names {
            let told = try #require(try ask(10, [name]))
            // Two of them are equal strings.
            #expect(told.map(\.name) == [Array(name.utf8)])
            #expect(try ask(9, [name])?.map(\.name) == [Array(name.utf8)])
        }
        let all = try #require(try ask(10, names.reversed() + names + ["x:y", "qemu:"]))
        #expect(all.map(\.name) == names.map { Array($0.utf8) })
        #expect(Set(all.map(\.id)).count == names.count)
    }

    @Test func namesThatNobodyCanAskForAreLeftOut() throws {
        let exports = Self.exports([
            "b", "", "b", "nul\0", String(repeating: "x", count: 4079), String(repeating: "x", count: 4078),
            "c",
        ])
        #expect(
            try list(["qemu:dirty-bitmap:"], exports)
                == ["b", String(repeating: "x", count: 4078), "c"].map { "qemu:dirty-bitmap:" + $0 })
        #expect(
            try ask(10, ["qemu:dirty-bitmap:c"], exports) == [
                Told(id: 4, name: Array("qemu:dirty-bitmap:c".utf8))
            ])
    }

    @Test func manyBitmapsAreListed() throws {
        let names = (0..<1024).map { "nightly backup \($0)" }
        #expect(try list([], Self.exports(names)) == Self.both + names.map { "qemu:dirty-bitmap:" + $0 })
    }

    @Test func bitmapsThatAreTooManyToListCanStillBeSelected() throws {
        let names = (0..<1024).map { "\($0)" + String(repeating: "x", count: 1000) }
        let exports = Self.exports(names)
        #expect(try list([], exports) == Self.both + ["qemu:dirty-bitmap:"])
        #expect(try list(["qemu:"], exports) == ["qemu:allocation-depth", "qemu:dirty-bitmap:"])
        let last = "qemu:dirty-bitmap:" + names[1023]
        #expect(try list(["qemu:dirty-bitmap:", last], exports) == [last, "qemu:dirty-bitmap:"])
        #expect(try list([last], exports) == [last])
        #expect(try ask(10, [last], exports) == [Told(id: 1025, name: Array(last.utf8))])
    }

    @Test func tooManyAtOnceAreRefused() throws {
        let names = (0..<63).map { "\($0)" }
        let queries = names.map { "qemu:dirty-bitmap:" + $0 } + ["base:allocation"]
        #expect(try ask(10, queries, Self.exports(names))?.count == 64)
        var handshake = ClientBytes()
        handshake.option(8)
        handshake.meta(10, "", ["base:allocation"])
        handshake.meta(10, "", queries + ["qemu:allocation-depth"])
        var session = Session(Self.exports(names))
        var conversation = Conversation([])
        conversation.feed(handshake.bytes, to: &session)
        let refusal = try #require(conversation.optionReplies?.last)
        #expect(refusal.type == OptionReply.tooBig)
        #expect(refusal.text == "65 metadata contexts; 64 are the most at once")
        // Those that were selected before are not any more.
        var requests = ClientBytes()
        requests.bytes = []
        requests.choose(7, "")
        requests.request(7, 0, 512)
        conversation.feed(requests.bytes, to: &session)
        #expect(session.export != nil)
        #expect(conversation.events.isEmpty)
    }

    /// The most queries that an option can hold, each for everything.
    @Test func manyQueriesAreAnsweredOnce() throws {
        let queries = Array(repeating: "qemu:", count: 25_000)
        let names = (0..<1024).map { "\($0)" }
        #expect(try list(queries, Self.exports(names))?.count == 1025)
    }

    @Test func selectedContextsAreThoseOfTheExport() throws {
        let disk = BitmapDisk(size: 1 << 20, [.init(name: "b", period: 4096)])
        let exports = ExportList([
            Export(name: "", description: "", source: disk),
            Export(name: "p1", description: "", source: try Slice(disk, 512..<1 << 19)),
        ])
        for (name, length) in [("", 4096), ("p1", 3584)] as [(String, UInt32)] {
            var client = ClientBytes()
            client.option(8)
            client.meta(10, name, ["qemu:dirty-bitmap:b", "qemu:allocation-depth"])
            client.choose(7, name)
            client.request(7, 0, 8192)
            var session = Session(exports)
            var conversation = Conversation([])
            conversation.feed(client.bytes, to: &session)
            #expect(conversation.events.count == 1)
            #expect(session.contexts.map(\.name) == ["qemu:allocation-depth", "qemu:dirty-bitmap:b"])
            let source = try #require(session.export?.source)
            #expect(
                try session.contexts.map { try $0.descriptor(of: source, in: 0..<8192, mayWait: true) }
                    == [.init(length: 8192, flags: 3), .init(length: length, flags: 0)])
        }
    }
}
