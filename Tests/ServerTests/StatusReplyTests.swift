import NIOCore
import Synchronization
import TestSupport
import Testing
import VitrineExports
import VitrineFormats

@testable import VitrineServer

@Suite struct StatusReplyTests {
    private static let allocation = MetaContext(id: 0, status: AllocationStatus())
    private static let depth = MetaContext(id: 1, status: DepthStatus())

    private static func bitmap(_ id: UInt32, _ bitmap: BitmapDisk.Bitmap) -> MetaContext {
        MetaContext(id: id, status: BitmapStatus(bitmap))
    }

    /// A chunk of a reply: for a context, or an error.
    private enum Chunk: Equatable {
        case status(id: UInt32, [StatusDescriptor])
        case error(code: UInt32, text: String)
    }

    /// The chunks of the reply to a request for `range`. Only the last says that it is the last.
    private func reply(
        _ contexts: [MetaContext], of source: any Source, _ range: Range<UInt64>, onlyFirst: Bool = false
    ) throws -> [Chunk] {
        var output = ByteBuffer(string: "before")
        let request = Request(kind: .blockStatus(onlyFirst: onlyFirst), cookie: 9, range: range)
        _ = StatusReply.write(
            request, onlyFirst: onlyFirst, contexts, ReplyWriter(isStructured: true), from: source,
            to: &output)
        #expect(output.readString(length: 6) == "before")
        return try #require(Self.chunks(output))
    }

    private static func chunks(_ output: ByteBuffer) -> [Chunk]? {
        var output = output
        var chunks: [Chunk] = []
        while output.readableBytes > 0 {
            guard
                let (magic, flags, type, cookie, length) = output.readMultipleIntegers(
                    as: (UInt32, UInt16, UInt16, UInt64, UInt32).self), magic == 0x668E_33EF, cookie == 9,
                var body = output.readSlice(length: Int(length)),
                flags == (output.readableBytes == 0 ? 1 : 0),
                let number = body.readInteger(as: UInt32.self)
            else { return nil }
            switch type {
            case 5:
                var descriptors: [StatusDescriptor] = []
                while let (length, flags) = body.readMultipleIntegers(as: (UInt32, UInt32).self) {
                    descriptors.append(StatusDescriptor(length: length, flags: flags))
                }
                chunks.append(.status(id: number, descriptors))
            case 0x8001:
                guard let count = body.readInteger(as: UInt16.self),
                    let text = body.readString(length: Int(count))
                else { return nil }
                chunks.append(.error(code: number, text: text))
            default: return nil
            }
            guard body.readableBytes == 0 else { return nil }
        }
        return chunks
    }

    @Test func neighboursAreJoined() throws {
        let content = [UInt8](repeating: 1, count: 1 << 20)
        let source = ObservedSource(content, holes: [0..<65_536, 65_536..<131_072, 262_144..<1 << 20])
        #expect(
            try reply([Self.allocation], of: source, 4096..<524_288) == [
                .status(
                    id: 0,
                    [
                        .init(length: 126_976, flags: 3), .init(length: 131_072, flags: 0),
                        .init(length: 262_144, flags: 3),
                    ])
            ])
        #expect(
            try reply([Self.allocation], of: source, 4096..<524_288, onlyFirst: true)
                == [.status(id: 0, [.init(length: 126_976, flags: 3)])])
    }

    @Test func everyContextHasAChunk() throws {
        let disk = BitmapDisk(size: 1 << 20, names: [])
        let bitmaps = [
            Self.bitmap(2, .init(name: "all")), Self.bitmap(7, .init(name: "half", period: 1 << 19)),
        ]
        let size: UInt32 = 1 << 20
        #expect(
            try reply([Self.allocation, Self.depth] + bitmaps, of: disk, 0..<1 << 20) == [
                .status(id: 0, [.init(length: size, flags: 2)]),
                .status(id: 1, [.init(length: size, flags: 3)]),
                .status(id: 2, [.init(length: size, flags: 0)]),
                .status(id: 7, [.init(length: size / 2, flags: 0), .init(length: size / 2, flags: 1)]),
            ])
        #expect(
            try reply([Self.depth] + bitmaps, of: disk, 700_000..<1 << 20, onlyFirst: true) == [
                .status(id: 1, [.init(length: size - 700_000, flags: 3)]),
                .status(id: 2, [.init(length: size - 700_000, flags: 0)]),
                .status(id: 7, [.init(length: size - 700_000, flags: 1)]),
            ])
    }

    /// The longest request, on a disk without known differences.
    @Test func everythingIsOneDescriptor() throws {
        let disk = BitmapDisk(size: 1 << 40, names: [])
        let range: Range<UInt64> = 12_345..<12_345 + UInt64(UInt32.max)
        #expect(
            try reply([Self.allocation, Self.bitmap(2, .init(name: "b"))], of: disk, range) == [
                .status(id: 0, [.init(length: .max, flags: 2)]),
                .status(id: 2, [.init(length: .max, flags: 0)]),
            ])
    }

    @Test(arguments: [(1, 8192), (3, 2730), (64, 128)])
    func descriptorsAreSharedOut(_ contexts: Int, _ expected: Int) throws {
        let disk = BitmapDisk(size: 1 << 30, names: [])
        let bitmaps = (0..<contexts).map { Self.bitmap(UInt32($0), .init(name: "\($0)", period: 512)) }
        let chunks = try reply(bitmaps, of: disk, 0..<1 << 30)
        #expect(chunks.count == contexts)
        for case .status(_, let descriptors) in chunks {
            #expect(descriptors.count == expected)
            #expect(descriptors.allSatisfy { $0.length == 512 })
            #expect(descriptors.prefix(3).map(\.flags) == [0, 1, 0])
        }
    }

    @Test func anErrorIsForWhoAsksAboutItsPlace() throws {
        let disk = BitmapDisk(size: 1 << 20, names: [])
        let bad = Self.bitmap(2, .init(name: "b", period: 4096, failing: 8192..<12_288))
        #expect(
            try reply([Self.allocation, bad], of: disk, 4096..<1 << 20) == [
                .status(id: 0, [.init(length: 1 << 20 - 4096, flags: 2)]),
                .status(id: 2, [.init(length: 4096, flags: 1)]),
            ])
        #expect(
            try reply([Self.allocation, bad], of: disk, 8192..<1 << 20)
                == [.error(code: 5, text: "the bitmap cannot be read at 8192")])
        #expect(
            try reply([bad], of: disk, 12_288..<16_384) == [.status(id: 2, [.init(length: 4096, flags: 1)])])
    }

    @Test func whatTakesTooLongIsCutShort() throws {
        let disk = BitmapDisk(size: 1 << 20, names: [])
        let past = try StatusReply.descriptors(Self.depth, of: disk, 4096..<1 << 20, atMost: 10, until: 0)
        #expect(past == [.init(length: 61_440, flags: 3)])
        let future = try StatusReply.descriptors(
            Self.depth, of: disk, 4096..<1 << 20, atMost: 10, until: .max)
        #expect(future == [.init(length: 1 << 20 - 4096, flags: 3)])
    }

    @Test(arguments: [true, false])
    func whatIsKnownIsSaidAtOnce(_ isKnown: Bool) throws {
        let content = [UInt8](repeating: 1, count: 1 << 20)
        let source = ObservedSource(content, holes: [65_536..<131_072], isHot: isKnown)
        let request = Request(kind: .blockStatus(onlyFirst: false), cookie: 9, range: 0..<1 << 20)
        var output = ByteBuffer(string: "before")
        let isSaid = StatusReply.writeNow(
            request, onlyFirst: false, [Self.allocation], ReplyWriter(isStructured: true), from: source,
            to: &output)
        #expect(isSaid == isKnown)
        #expect(output.readString(length: 6) == "before")
        let expected = try reply([Self.allocation], of: source, 0..<1 << 20)
        #expect(try #require(Self.chunks(output)) == (isKnown ? expected : []))
    }

    /// Depth and bitmaps are in tables that may have to be read.
    @Test func depthAndBitmapsAreNotSaidAtOnce() throws {
        let disk = BitmapDisk(size: 1 << 20, names: [])
        let request = Request(kind: .blockStatus(onlyFirst: false), cookie: 9, range: 0..<1 << 20)
        for contexts in [
            [Self.depth], [Self.bitmap(2, .init(name: "b"))], [Self.allocation, Self.depth],
        ] {
            var output = ByteBuffer()
            let isSaid = StatusReply.writeNow(
                request, onlyFirst: false, contexts, ReplyWriter(isStructured: true),
                from: ObservedSource([UInt8](repeating: 1, count: 1 << 20)), to: &output)
            #expect(!isSaid)
            #expect(output.readableBytes == 0)
        }
        #expect(
            try reply([Self.depth], of: disk, 0..<4096) == [.status(id: 1, [.init(length: 4096, flags: 3)])])
    }

    @Test func whatTakesLongIsNotSaidAtOnce() throws {
        let disk = ObservedSource([UInt8](repeating: 1, count: 4 << 20))
        for (deadline, expected) in [(UInt64.max, [StatusDescriptor(length: 4 << 20, flags: 0)]), (0, nil)] {
            #expect(
                try StatusReply.descriptors(
                    Self.allocation, of: disk, 0..<4 << 20, atMost: 10, until: deadline, mayWait: false)
                    == expected)
        }
    }

    /// A source may look at all of a range that it is asked about, whatever it then answers.
    @Test func sourcesAreNotAskedAboutMuchMoreThanTheySay() throws {
        let disk = CountingDisk(size: 1 << 31)
        let descriptors = try StatusReply.descriptors(
            Self.allocation, of: disk, 0..<1 << 31, atMost: 100_000, until: .max)
        #expect(descriptors?.map(\.length).reduce(0, +) == 1 << 31)
        #expect(descriptors?.count == 2048)
        #expect(disk.asked.load(ordering: .relaxed) <= 3 << 31)
    }
}

/// A disk of holes and data, 1 MiB each, that adds up the bytes it is asked about.
private final class CountingDisk: Source {
    let size: UInt64
    let asked = Atomic<UInt64>(0)

    init(size: UInt64) {
        self.size = size
    }

    func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        throw ImageError(.io, "nothing is read of it")
    }

    func extent(in range: Range<UInt64>, mayWait: Bool) throws(ImageError) -> Extent? {
        guard mayWait else { return nil }
        asked.add(range.upperBound - range.lowerBound, ordering: .relaxed)
        let number = range.lowerBound >> 20
        return Extent(
            range.lowerBound..<min(range.upperBound, (number + 1) << 20), number % 2 == 0 ? .hole : .data)
    }
}
