import NIOCore
import TestSupport
import Testing
import VitrineFormats

@testable import VitrineServer

@Suite struct ReadReplyTests {
    private enum Chunk: Equatable {
        case data(offset: UInt64, count: Int, isLast: Bool)
        case hole(offset: UInt64, count: Int, isLast: Bool)
        case error(code: UInt32, text: String, offset: UInt64)
    }

    private static let content = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 >> 8) }

    /// The whole reply to a read of `range`, step by step. Waits only if the reply says that it must.
    private func reply(
        _ source: ObservedSource, _ range: Range<UInt64>, structured: Bool = true, mayFragment: Bool = true
    ) -> (output: ByteBuffer, waits: Int) {
        let request = Request(kind: .read(mayFragment: mayFragment), cookie: 9, range: range)
        var reply = ReadReply(request, ReplyWriter(isStructured: structured), mayFragment: mayFragment)
        var output = ByteBuffer()
        var waits = 0
        for _ in 0..<1000 {
            let before = output.readableBytes
            switch reply.step(from: source, to: &output, mayWait: false) {
            case .done, .failed, .broken: return (output, waits)
            case .more: continue
            case .mustWait:
                #expect(output.readableBytes == before)
                waits += 1
                switch reply.step(from: source, to: &output, mayWait: true) {
                case .done, .failed, .broken: return (output, waits)
                case .more: continue
                case .mustWait: Issue.record("asked to wait again")
                }
            }
        }
        Issue.record("the reply has no end")
        return (output, waits)
    }

    /// The chunks of a structured reply. The data in them is compared with the content.
    private func chunks(_ output: ByteBuffer) -> [Chunk]? {
        var output = output
        var chunks: [Chunk] = []
        while output.readableBytes > 0 {
            guard
                let (magic, flags, type, cookie, length) = output.readMultipleIntegers(
                    as: (UInt32, UInt16, UInt16, UInt64, UInt32).self),
                magic == 0x668E_33EF, cookie == 9, var body = output.readSlice(length: Int(length))
            else { return nil }
            let isLast = flags == 1
            switch type {
            case 1:
                guard let offset = body.readInteger(as: UInt64.self) else { return nil }
                let data = Array(body.readableBytesView)
                #expect(data == Array(Self.content[Int(offset)..<Int(offset) + data.count]))
                chunks.append(.data(offset: offset, count: data.count, isLast: isLast))
            case 2:
                guard let (offset, count) = body.readMultipleIntegers(as: (UInt64, UInt32).self) else {
                    return nil
                }
                chunks.append(.hole(offset: offset, count: Int(count), isLast: isLast))
            case 0x8002:
                guard let (code, count) = body.readMultipleIntegers(as: (UInt32, UInt16).self),
                    let text = body.readString(length: Int(count)),
                    let offset = body.readInteger(as: UInt64.self)
                else { return nil }
                #expect(isLast)
                chunks.append(.error(code: code, text: text, offset: offset))
            default: return nil
            }
        }
        return chunks
    }

    @Test func aSmallReadIsOneChunk() {
        let (output, waits) = reply(ObservedSource(Self.content), 512..<4608)
        #expect(chunks(output) == [.data(offset: 512, count: 4096, isLast: true)])
        #expect(waits == 0)
    }

    @Test func aLargeReadComesInPieces() {
        let (output, waits) = reply(ObservedSource(Self.content, isHot: false), 0..<600 << 10)
        #expect(
            chunks(output) == [
                .data(offset: 0, count: 256 << 10, isLast: false),
                .data(offset: 256 << 10, count: 256 << 10, isLast: false),
                .data(offset: 512 << 10, count: 88 << 10, isLast: true),
            ])
        #expect(waits == 3)
    }

    @Test func holesAreNotSent() {
        let source = ObservedSource(Self.content, holes: [0..<65_536, 131_072..<262_144, 393_216..<1 << 20])
        #expect(
            chunks(reply(source, 32_768..<524_288).output) == [
                .hole(offset: 32_768, count: 32_768, isLast: false),
                .data(offset: 65_536, count: 65_536, isLast: false),
                .hole(offset: 131_072, count: 131_072, isLast: false),
                .data(offset: 262_144, count: 131_072, isLast: false),
                .hole(offset: 393_216, count: 131_072, isLast: true),
            ])
        #expect(source.bytesRead == 196_608)
    }

    @Test func dontFragmentIsHonoured() {
        let source = ObservedSource(Self.content, holes: [0..<65_536])
        let (output, _) = reply(source, 0..<256 << 10, mayFragment: false)
        #expect(chunks(output) == [.data(offset: 0, count: 256 << 10, isLast: true)])
    }

    @Test func aLargeSimpleReplyIsMadeInPiecesAndBreaksWhereOneIsBad() {
        let good = reply(
            ObservedSource(Self.content, isHot: false), 0..<600 << 10, structured: false, mayFragment: false)
        #expect(good.waits == 3)
        #expect(Array(good.output.readableBytesView.dropFirst(16)) == Array(Self.content[..<(600 << 10)]))

        let source = ObservedSource(Self.content, failing: 300_000..<300_001)
        let request = Request(kind: .read(mayFragment: false), cookie: 9, range: 0..<600 << 10)
        var reply = ReadReply(request, ReplyWriter(isStructured: false), mayFragment: false)
        var output = ByteBuffer()
        #expect(!reply.isUnbroken)
        #expect(reply.step(from: source, to: &output, mayWait: false) == .more)
        #expect(reply.isUnbroken)
        let before = output.readableBytes
        #expect(
            reply.step(from: source, to: &output, mayWait: false)
                == .broken(ImageError(.corrupt, "bytes 300000 to 300001 are bad")))
        #expect(output.readableBytes == before)
    }

    @Test func anErrorNamesThePieceThatFailed() {
        let source = ObservedSource(Self.content, failing: 300_000..<300_001)
        #expect(
            chunks(reply(source, 0..<1 << 20).output) == [
                .data(offset: 0, count: 256 << 10, isLast: false),
                .error(code: 5, text: "bytes 300000 to 300001 are bad", offset: 256 << 10),
            ])
    }

    @Test func simpleRepliesAreWholeOrAnError() {
        let good = reply(ObservedSource(Self.content), 0..<4096, structured: false, mayFragment: false).output
        #expect(
            Array(good.readableBytesView)
                == [0x67, 0x44, 0x66, 0x98, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9] + Self.content[..<4096])
        let source = ObservedSource(Self.content, failing: 4000..<4001)
        let bad = reply(source, 0..<4096, structured: false, mayFragment: false).output
        #expect(
            Array(bad.readableBytesView) == [0x67, 0x44, 0x66, 0x98, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 9])
    }
}
