import NIOCore
import Testing
import VitrineExports
import VitrineFormats

@testable import VitrineServer

@Suite struct HandshakeTests {
    @Test func greetsAsFixedNewstyle() {
        let conversation = Conversation([])
        #expect(
            Array(conversation.output.readableBytesView)
                == Array("NBDMAGIC".utf8) + Array("IHAVEOPT".utf8) + [0, 3])
    }

    @Test(arguments: [UInt32(4), 0x80, 0x8000_0003, .max])
    func dropsAClientWithUnknownFlags(_ flags: UInt32) {
        #expect(
            Conversation(ClientBytes(flags: flags).bytes).events
                == [.close(reason: "client flags are \(flags), with bits that were not offered")])
    }

    @Test func dropsAWrongOptionMagic() {
        var client = ClientBytes()
        client.append(UInt64(42), UInt32(7), UInt32(0))
        #expect(Conversation(client.bytes).events == [.close(reason: "option magic is 42")])
    }

    @Test func dropsAnOptionThatIsTooLong() {
        var client = ClientBytes()
        client.append(UInt64(0x4948_4156_454F_5054), UInt32(7), UInt32.max)
        #expect(
            Conversation(client.bytes).events == [.close(reason: "option 7 has 4294967295 bytes of data")])
    }

    @Test func dropsAClientThatNegotiatesForever() {
        var client = ClientBytes()
        for _ in 0..<1000 { client.option(99) }
        let conversation = Conversation(client.bytes)
        #expect(conversation.events == [.close(reason: "the client sent 81 options")])
        #expect(conversation.optionReplies?.count == 80)
    }

    @Test func longAnswersAreSentBeforeMoreIsTaken() {
        let many = ExportList(
            (0..<100).map { number in
                Export(
                    name: "export \(number)", description: String(repeating: "x", count: 200),
                    source: MemorySource([0]))
            })
        var session = Session(many)
        var client = ClientBytes()
        for _ in 0..<500 { client.option(3) }
        var input = ByteBuffer(bytes: client.bytes)
        var output = ByteBuffer()
        var pauses = 0
        while session.receive(&input, &output) == .pause {
            pauses += 1
            #expect(output.readableBytes < 128 << 10)
            output.clear()
        }
        #expect(pauses > 100)
        #expect(input.readableBytes == 0)
    }

    @Test func aClientWithoutFixedNewstyleHasOnlyExportName() {
        var client = ClientBytes(flags: 0)
        client.option(3)
        #expect(
            Conversation(client.bytes).events
                == [.close(reason: "option 3 from a client that did not negotiate fixed newstyle")])
    }

    @Test func exportNameAnswersWithZeroesUnlessTheyWereDeclined() {
        for (flags, zeroes) in [(UInt32(1), 124), (3, 0)] {
            var client = ClientBytes(flags: flags)
            client.option(1, Array("p1".utf8))
            let conversation = Conversation(client.bytes)
            #expect(conversation.events.isEmpty)
            #expect(
                Array(conversation.output.readableBytesView.dropFirst(18))
                    == [0, 0, 0, 0, 0, 0, 0x10, 0, 0x05, 0x0F] + [UInt8](repeating: 0, count: zeroes))
        }
    }

    @Test func exportNameOfNothingCloses() {
        var client = ClientBytes()
        client.option(1, Array("nope".utf8))
        #expect(
            Conversation(client.bytes).events
                == [.close(reason: "the client asked for an export that does not exist")])
    }

    @Test func abortIsAcknowledged() {
        var client = ClientBytes()
        client.option(2, [1, 2, 3])
        let conversation = Conversation(client.bytes)
        #expect(conversation.events == [.close(reason: "the client aborted the handshake")])
        #expect(conversation.optionReplies == [OptionReply(option: 2, type: OptionReply.ack, data: [])])
    }

    @Test func listTellsOfEveryExport() {
        var client = ClientBytes()
        client.option(3)
        client.option(3, [0])
        client.option(3)
        let replies = Conversation(client.bytes).optionReplies ?? []
        #expect(replies.map(\.type) == [2, 2, 1, OptionReply.invalid, 2, 2, 1])
        #expect(replies.first?.data == [0, 0, 0, 0] + Array("a disk".utf8))
        #expect(replies.dropFirst().first?.data == [0, 0, 0, 2] + Array("p1a partition".utf8))
    }

    @Test func infoAndGoGiveTheSameFacts() {
        for name in ["", "p1"] {
            var client = ClientBytes()
            client.choose(6, name, info: [1, 2, 2, 3, 77])
            client.choose(7, name, info: [1, 2, 2, 3, 77])
            let conversation = Conversation(client.bytes)
            let replies = conversation.optionReplies ?? []
            #expect(replies.count == 10)
            #expect(replies.prefix(5).map(\.data) == replies.suffix(5).map(\.data))
            #expect(replies.prefix(5).map(\.type) == [3, 3, 3, 3, 1])
            let size: [UInt8] = name.isEmpty ? [0, 0x10, 0, 0] : [0, 0, 0x10, 0]
            #expect(replies.first?.data == [0, 0, 0, 0, 0, 0] + size + [0x05, 0x0F])
            // Smallest 1, preferred 4096, largest 32 MiB.
            #expect(replies.dropFirst().first?.data == [0, 3, 0, 0, 0, 1, 0, 0, 0x10, 0, 2, 0, 0, 0])
            #expect(replies.dropFirst(2).first?.data == [0, 1] + Array(name.utf8))
            #expect(conversation.events.isEmpty)
        }
    }

    @Test func unknownExportsAreRefusedInWords() {
        var client = ClientBytes()
        client.choose(7, "nope")
        client.choose(6, "nope")
        client.option(3)
        let replies = Conversation(client.bytes).optionReplies ?? []
        #expect(replies.map(\.type) == [OptionReply.unknown, OptionReply.unknown, 2, 2, 1])
        #expect(replies.first?.text == "there is no export \"nope\"")
    }

    @Test(
        arguments: [
            [], [0], [0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 0],
            [0xFF, 0xFF, 0xFF, 0xFF, 0, 0], [0, 0, 0, 1, 0, 0, 0], [0, 0, 0, 1, 0xFF, 0, 0],
        ] as [[UInt8]])
    func goWithLengthsThatDoNotAddUpIsInvalid(_ data: [UInt8]) {
        var client = ClientBytes()
        client.option(7, data)
        client.option(6, data)
        client.option(99)
        #expect(
            Conversation(client.bytes).optionReplies?.map(\.type)
                == [OptionReply.invalid, OptionReply.invalid, OptionReply.unsupported])
    }

    @Test func structuredRepliesAreNegotiatedOnce() {
        var client = ClientBytes()
        client.option(8, [1])
        client.option(8)
        client.option(8)
        client.choose(7, "")
        let replies = Conversation(client.bytes).optionReplies ?? []
        #expect(replies.prefix(3).map(\.type) == [OptionReply.invalid, 1, OptionReply.invalid])
        // DF may be offered from then on.
        #expect(replies.dropFirst(3).first?.data.suffix(2) == [0x05, 0x8F])
    }

    @Test func metadataContexts() {
        var client = ClientBytes()
        client.meta(9, "", [])
        client.meta(9, "", ["base:"])
        client.meta(9, "", ["qemu:", "other:thing", "nonsense"])
        client.meta(10, "", ["base:allocation"])
        client.option(8)
        client.meta(10, "", ["base:allocation", "base:allocation", "x:y"])
        client.meta(10, "", ["base:"])
        client.meta(10, "nope", ["base:allocation"])
        let replies = Conversation(client.bytes).optionReplies ?? []
        #expect(
            replies.map(\.type)
                == [4, 4, 1, 4, 1, 4, 1, OptionReply.invalid, 1, 4, 1, 1, OptionReply.unknown])
        #expect(replies.first?.data == [0, 0, 0, 0] + Array("base:allocation".utf8))
    }

    @Test func aSelectionIsForOneExport() {
        for (selected, chosen, works) in [("", "", true), ("p1", "", false), ("p1", "p1", true)] {
            var client = ClientBytes()
            client.option(8)
            client.meta(10, selected, ["base:allocation"])
            client.choose(7, chosen)
            client.request(7, 0, 512)
            #expect(Conversation(client.bytes).events.isEmpty == !works)
        }
    }

    @Test func aFailedSelectionReplacesTheOldOne() {
        var client = ClientBytes()
        client.option(8)
        client.meta(10, "", ["base:allocation"])
        client.meta(10, "nope", ["base:allocation"])
        client.choose(7, "")
        client.request(7, 0, 512)
        #expect(Conversation(client.bytes).events.isEmpty)
    }

    @Test func startTLSIsRefusedByPolicy() {
        var client = ClientBytes()
        client.option(5)
        #expect(Conversation(client.bytes).optionReplies?.first?.type == OptionReply.policy)
    }

    @Test func optionsDuringShutdownAreToldSo() {
        var session = Session(testExports)
        session.shutDown()
        var client = ClientBytes()
        client.option(3)
        client.choose(7, "")
        client.option(2)
        var conversation = Conversation([])
        conversation.feed(client.bytes, to: &session)
        #expect(
            conversation.optionReplies?.map(\.type)
                == [OptionReply.shutdown, OptionReply.shutdown, OptionReply.ack])
    }
}
