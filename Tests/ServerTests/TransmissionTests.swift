import NIOCore
import TestSupport
import Testing
import VitrineExports
import VitrineFormats

@testable import VitrineServer

@Suite struct TransmissionTests {
    /// A client that has chosen the default export of 1 MiB.
    private func client(structured: Bool = true, contexts: Bool = true) -> ClientBytes {
        var client = ClientBytes()
        if structured { client.option(8) }
        if structured && contexts { client.meta(10, "", ["base:allocation"]) }
        client.choose(7, "")
        return client
    }

    /// The output after the handshake of `client(structured:contexts:)`.
    private func answer(_ requests: ClientBytes, handshake: ClientBytes) -> Conversation {
        var conversation = Conversation(requests.bytes)
        conversation.output.moveReaderIndex(
            forwardBy: Conversation(handshake.bytes).output.readableBytes)
        return conversation
    }

    /// The error of the only reply, 0 for success, and its text if it has one.
    private func error(_ output: ByteBuffer) -> (code: UInt32, text: String)? {
        var output = output
        switch output.readInteger(as: UInt32.self) {
        case 0x6744_6698:
            guard let (code, _) = output.readMultipleIntegers(as: (UInt32, UInt64).self),
                output.readableBytes == 0
            else { return nil }
            return (code, "")
        case 0x668E_33EF:
            guard
                let (flags, type, _, length) = output.readMultipleIntegers(
                    as: (UInt16, UInt16, UInt64, UInt32).self), flags == 1, output.readableBytes == length
            else { return nil }
            if type == 0 { return (0, "") }
            guard type == 0x8001, let (code, count) = output.readMultipleIntegers(as: (UInt32, UInt16).self),
                let text = output.readString(length: Int(count))
            else { return nil }
            return (code, text)
        default: return nil
        }
    }

    @Test func readsAreHandedOn() {
        for structured in [true, false] {
            var requests = client(structured: structured)
            requests.request(0, cookie: 77, 4096, 512)
            requests.request(0, flags: 1, cookie: 78, (1 << 20) - 1, 1)
            if structured { requests.request(0, flags: 4, cookie: 79, 0, 256 << 10) }
            let conversation = answer(requests, handshake: client(structured: structured))
            var expected: [Session.Event] = [
                .perform(Request(kind: .read(mayFragment: structured), cookie: 77, range: 4096..<4608)),
                .perform(
                    Request(
                        kind: .read(mayFragment: structured), cookie: 78, range: (1 << 20) - 1..<1 << 20)),
            ]
            if structured {
                expected.append(
                    .perform(Request(kind: .read(mayFragment: false), cookie: 79, range: 0..<256 << 10)))
            }
            #expect(conversation.events == expected)
            #expect(conversation.output.readableBytes == 0)
        }
    }

    struct Refusal: Sendable {
        var type: UInt16
        var flags: UInt16 = 0
        var offset: UInt64 = 0
        var length: UInt32 = 512
        var payload = 0
        var code: UInt32
        var text: String
    }

    @Test(arguments: [
        Refusal(
            type: 0, offset: 1 << 20, length: 1, code: 22,
            text: "1 bytes at 1048576 pass the end of the export at 1048576"),
        Refusal(
            type: 0, offset: .max - 511, code: 22,
            text: "512 bytes at 18446744073709551104 pass the end of the export at 1048576"),
        Refusal(type: 0, flags: 8, code: 22, text: "flags 8 do not go with this command"),
        Refusal(type: 0, flags: 0x8000, code: 22, text: "flags 32768 do not go with this command"),
        Refusal(type: 1, length: 600, payload: 600, code: 1, text: "this image is read-only"),
        Refusal(
            type: 1, flags: 0xFFFF, offset: .max, length: 3, payload: 3, code: 1,
            text: "this image is read-only"),
        Refusal(type: 4, code: 1, text: "this image is read-only"),
        Refusal(type: 6, flags: 2, code: 1, text: "this image is read-only"),
        Refusal(
            type: 5, offset: 1 << 20, code: 22,
            text: "512 bytes at 1048576 pass the end of the export at 1048576"),
        Refusal(type: 5, flags: 8, code: 22, text: "flags 8 do not go with this command"),
        Refusal(type: 7, length: 0, code: 22, text: "a block status of 0 bytes"),
        Refusal(type: 8, code: 22, text: "command 8 is not known here"),
        Refusal(type: 0xFFFF, code: 22, text: "command 65535 is not known here"),
        Refusal(type: 3, offset: 5, length: 0, code: 0, text: ""),
        Refusal(type: 0, length: 0, code: 0, text: ""),
        Refusal(type: 5, length: 0, code: 0, text: ""),
    ])
    func answersAtOnceWhatCannotBePerformed(_ refusal: Refusal) {
        for structured in [true, false] {
            // Without structured replies there are no contexts, which is another objection.
            if !structured && refusal.type == 7 { continue }
            var requests = client(structured: structured)
            requests.request(
                refusal.type, flags: refusal.flags, refusal.offset, refusal.length,
                payload: [UInt8](repeating: 0x25, count: refusal.payload))
            let first = answer(requests, handshake: client(structured: structured))
            let found = error(first.output)
            #expect(found?.code == refusal.code)
            #expect(found?.text == (structured ? refusal.text : ""))
            #expect(first.events.isEmpty)

            // The stream stays in step.
            requests.request(2, 0, 0)
            #expect(Conversation(requests.bytes).events == [.close(reason: "the client disconnected")])
        }
    }

    @Test func blockStatusNeedsAContext() {
        for handshake in [client(structured: false), client(contexts: false)] {
            var requests = handshake
            requests.request(7, 0, 512)
            #expect(error(answer(requests, handshake: handshake).output)?.code == 22)
        }
    }

    @Test func dontFragmentNeedsStructuredReplies() {
        let handshake = client(structured: false)
        var requests = handshake
        requests.request(0, flags: 4, 0, 512)
        #expect(error(answer(requests, handshake: handshake).output)?.code == 22)
    }

    @Test func largeReadsInOneChunkAreAnOverflow() {
        var requests = client()
        requests.request(0, flags: 4, 0, (256 << 10) + 1)
        let found = error(answer(requests, handshake: client()).output)
        #expect(found?.code == 75)
        #expect(found?.text == "262144 bytes are the most that go into one chunk")
    }

    @Test func readsThatAreTooLargeAreInvalid() {
        let big = ExportList([
            Export(name: "", description: "", source: HugeSource(size: 1 << 40))
        ])
        var session = Session(big)
        var conversation = Conversation([])
        var requests = ClientBytes()
        requests.choose(7, "")
        requests.request(0, 0, 32 << 20)
        requests.request(0, 0, (32 << 20) + 1)
        requests.request(5, 0, .max)
        conversation.feed(requests.bytes, to: &session)
        #expect(
            conversation.events == [
                .perform(Request(kind: .read(mayFragment: false), cookie: 1, range: 0..<32 << 20)),
                .perform(Request(kind: .cache, cookie: 1, range: 0..<UInt64(UInt32.max))),
            ])
    }

    @Test func aWrongMagicEndsTheConversation() {
        var requests = client()
        requests.append(UInt32(0x2560_9514), UInt64(0), UInt64(0), UInt64(0))
        #expect(Conversation(requests.bytes).events == [.close(reason: "request magic is 627086612")])
    }

    @Test func requestsDuringShutdownAreToldSo() {
        var session = Session(testExports)
        var conversation = Conversation([])
        conversation.feed(client().bytes, to: &session)
        let before = conversation.output.readableBytes
        session.shutDown()
        var requests = ClientBytes()
        requests.bytes = []
        requests.request(0, 0, 512)
        conversation.feed(requests.bytes, to: &session)
        conversation.output.moveReaderIndex(forwardBy: before)
        #expect(error(conversation.output)?.code == 108)
        #expect(conversation.events.isEmpty)
    }

    /// Everything that a client can say, in one conversation.
    static let transcript: [UInt8] = {
        var client = ClientBytes()
        client.option(8)
        client.option(3)
        client.option(99, [1, 2, 3])
        client.meta(9, "", [])
        client.meta(10, "p1", ["base:allocation"])
        client.choose(6, "", info: [1, 2, 3])
        client.choose(7, "nope")
        client.choose(7, "p1")
        client.request(0, cookie: 1, 0, 512)
        client.request(1, cookie: 2, 0, 40, payload: [UInt8](repeating: 0x25, count: 40))
        client.request(7, flags: 8, cookie: 3, 0, 4096)
        client.request(5, cookie: 4, 0, 4096)
        client.request(4, cookie: 5, 0, 512)
        client.request(3, cookie: 6, 0, 0)
        client.request(0, cookie: 7, 4096, 1)
        client.request(2, 0, 0)
        return client.bytes
    }()

    @Test func everySplitOfTheInputMeansTheSame() {
        let whole = Conversation(Self.transcript)
        #expect(whole.events.count == 4)
        for cut in 1..<Self.transcript.count {
            #expect(Conversation(Self.transcript, cuts: [cut]) == whole, "cut at \(cut)")
        }
        #expect(Conversation(Self.transcript, cuts: Array(1..<Self.transcript.count)) == whole)
    }

    @Test func anyInputIsSurvived() {
        var random = SeededGenerator(seed: 2)
        var closed = 0
        for _ in 0..<5000 {
            var bytes = Self.transcript
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                bytes[index] = UInt8.random(in: 0...255, using: &random)
            }
            let conversation = Conversation(bytes)
            // An export of 4096 bytes, or of 1 MiB: nothing past their ends is ever asked of them.
            for case .perform(let request) in conversation.events {
                #expect(request.range.upperBound <= 1 << 20)
                #expect(!request.range.isEmpty)
            }
            if case .close = conversation.events.last { closed += 1 }
        }
        #expect(closed > 0)
    }
}

/// A large source that cannot be read.
private final class HugeSource: Source {
    let size: UInt64

    init(size: UInt64) {
        self.size = size
    }

    func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        throw ImageError(.io, "nothing is here")
    }
}
