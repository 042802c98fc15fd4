import CLZMA
import TestSupport
import Testing

@testable import VitrineFormats

@Suite struct XZSourceTests {
    /// Content that is half random, half text-like, so that blocks have both stored and compressed chunks.
    private static func content(_ count: Int) -> [UInt8] {
        var random = SeededGenerator(seed: 3)
        return (0..<count).map { index -> UInt8 in
            let isRandom = (index / 65_536).isMultiple(of: 2)
            return isRandom ? UInt8.random(in: 0...255, using: &random) : UInt8(index / 7 % 61)
        }
    }

    private func source(_ file: [UInt8], memory: Int = 64 << 20) throws -> (SeekableSource, Engine) {
        let engine = Engine(memory: memory, threads: 2)
        return (try SeekableSource(xz: MemorySource(file), engine), engine)
    }

    @Test func twoReadersOfABlockCauseOneDecode() throws {
        let content = Self.content(1 << 20)
        let (source, engine) = try source(XZFile.encode(content, blockSize: 256 << 10))
        let results = Monitor<[Bool]>([])
        for index in 0..<8 {
            engine.workers.submit(.now) {
                let offset = 300_000 + index * 1000
                let bytes = try? source.bytes(at: UInt64(offset), count: 500)
                results.change { $0.append(bytes == Array(content[offset..<offset + 500])) }
            }
        }
        #expect(results.wait { $0.count == 8 ? $0 : nil } == [Bool](repeating: true, count: 8))
        #expect(engine.cache.decodes == 1)
    }

    @Test func onlyWhatIsInTheCacheIsThereNow() throws {
        let content = Self.content(1 << 20)
        let (source, engine) = try source(XZFile.encode(content, blockSize: 256 << 10))
        var buffer = [UInt8](repeating: 0, count: 1000)
        func readNow(_ offset: UInt64) throws -> Bool {
            var span = buffer.mutableSpan
            return try source.readNow(into: &span, at: offset)
        }
        #expect(try !readNow(0))
        _ = try source.bytes(at: 5, count: 1)
        #expect(try readNow(0))
        #expect(buffer == Array(content[..<1000]))
        // Across the end of the block that is there.
        #expect(try !readNow((256 << 10) - 500))
        #expect(engine.cache.decodes == 1)
    }

    @Test func whatTheCacheHasCompressedIsNotThereNow() throws {
        let content = Self.content(1 << 20)
        let (source, engine) = try source(XZFile.encode(content, blockSize: 256 << 10))
        var buffer = [UInt8](repeating: 0, count: 1000)
        func readNow(_ offset: UInt64) throws -> Bool {
            var span = buffer.mutableSpan
            return try source.readNow(into: &span, at: offset)
        }
        // Where the spans of the block lie is known from then on.
        _ = try source.bytes(at: 70_000, count: 1)
        engine.cache.remove(source.spans.unit(0))
        #expect(try source.bytes(at: 70_000, count: 1000) == Array(content[70_000..<71_000]))
        #expect(try !readNow(70_000))
        for _ in 0..<2 { _ = try source.bytes(at: 70_000, count: 1000) }
        #expect(try readNow(70_000))
        #expect(buffer == Array(content[70_000..<71_000]))
        #expect(engine.cache.decodes == 2)
    }

    @Test func prefetchDecodesBeforeAnyoneReads() throws {
        let content = Self.content(1 << 20)
        let (source, engine) = try source(XZFile.encode(content, blockSize: 256 << 10))
        try source.prefetch(300_000..<600_000)
        #expect(engine.cache.decodes == 2)
        var buffer = [UInt8](repeating: 0, count: 300_000)
        var span = buffer.mutableSpan
        #expect(try source.readNow(into: &span, at: 300_000))
        #expect(buffer == Array(content[300_000..<600_000]))
    }

    @Test func aSequentialReaderIsReadAheadOf() throws {
        let content = Self.content(4 << 20)
        let (source, engine) = try source(XZFile.encode(content, blockSize: 512 << 10))
        for offset in stride(from: 0, to: 3 << 19, by: 64 << 10) {
            #expect(
                try source.bytes(at: UInt64(offset), count: 64 << 10)
                    == Array(content[offset..<offset + (64 << 10)]))
        }
        // Three blocks have been read, and more than these are decoded in the end.
        try until("something is decoded ahead") { engine.cache.decodes > 3 ? () : nil }
    }

    @Test func aDamagedBlockFailsAloneAndBeforeAnythingOfItIsGivenOut() throws {
        let content = Self.content(1 << 20)
        var file = XZFile.encode(content, blockSize: 256 << 10)
        let blocks = try XZContainer(of: MemorySource(file)).blocks
        // The last byte of the check of the second block.
        let end = blocks[1].offset + (blocks[1].unpaddedSize + 3) & ~3
        file[Int(end) - 1] ^= 1
        let (source, _) = try source(file)
        let error = #expect(throws: ImageError.self) { try source.bytes(at: 256 << 10, count: 1) }
        #expect(error?.code == .corrupt)
        #expect(
            error?.description.hasPrefix("xz: block 2 at \(blocks[1].offset): CRC64 at \(end - 8) is ")
                == true)
        #expect(throws: ImageError.self) { try source.bytes(at: (256 << 10) - 1, count: 2) }
        #expect(try source.bytes(at: 0, count: 256 << 10) == Array(content[..<(256 << 10)]))
        #expect(try source.bytes(at: 512 << 10, count: 512 << 10) == Array(content[(512 << 10)...]))
    }

    /// A block of 12 MiB is more than an eighth of 16 MiB: it is decoded only up to the reader, in whole spans.
    @Test func aLargeBlockIsDecodedAsFarAsItIsRead() throws {
        let content = Self.content(12 << 20)
        let base = ObservedSource(XZFile.encode(content))
        let engine = Engine(memory: 16 << 20, threads: 2)
        let source = try SeekableSource(xz: base, engine)
        let opened = base.bytesRead
        #expect(try source.bytes(at: 100, count: 100) == Array(content[100..<200]))
        #expect(base.bytesRead - opened < Int(base.size) / 3 * 2)
        // The pass goes on from there. What it did not keep of a span is decoded once more, from its checkpoint.
        for offset in stride(from: 0, to: content.count, by: 128 << 10) {
            #expect(
                try source.bytes(at: UInt64(offset), count: 128 << 10)
                    == Array(content[offset..<offset + (128 << 10)]))
        }
        #expect(base.bytesRead < Int(base.size) * 2 + (1 << 20))
        #expect(source.indexState.isComplete)
        #expect(source.indexState.spans > 1)
        // Backwards, and with what was decoded first long gone.
        for offset in stride(from: content.count - 1000, through: 0, by: -700_000) {
            #expect(
                try source.bytes(at: UInt64(offset), count: 1000) == Array(content[offset..<offset + 1000]))
        }
        #expect(engine.cache.held <= engine.memory)
    }

    @Test func damageAtTheEndOfALargeBlockFailsLaterReads() throws {
        let content = Self.content(12 << 20)
        var file = XZFile.encode(content)
        let block = try XZContainer(of: MemorySource(file)).blocks[0]
        file[Int(block.offset + (block.unpaddedSize + 3) & ~3) - 1] ^= 1
        let (source, _) = try source(file, memory: 16 << 20)
        #expect(try source.bytes(at: 0, count: 10) == Array(content[..<10]))
        #expect(throws: ImageError.self) { try source.bytes(at: UInt64(content.count) - 1, count: 1) }
        let error = #expect(throws: ImageError.self) { try source.bytes(at: 0, count: 10) }
        #expect(error?.description.hasPrefix("xz: block 1 at 12: CRC64 at ") == true)
    }

    @Test func damageInsideALargeBlockFailsWhatComesAfterIt() throws {
        let content = Self.content(5 << 20)
        var file = XZFile.encode(content)
        // In the middle; what is random in the content is stored, so damage shows in its structure at once
        // only where a chunk's header is hit.
        for index in file.count / 2..<file.count / 2 + 70_000 { file[index] = 0xFF }
        let base = ObservedSource(file)
        let source = try SeekableSource(xz: base, Engine(memory: 16 << 20, threads: 2))
        let last = UInt64(content.count) - 1
        let error = #expect(throws: ImageError.self) { try source.bytes(at: last, count: 1) }
        let read = base.bytesRead
        // The same answer again, without decoding again; and what comes before it is still there.
        let again = #expect(throws: ImageError.self) { try source.bytes(at: last, count: 1) }
        #expect(again == error)
        #expect(base.bytesRead == read)
        #expect(try source.bytes(at: 0, count: 1 << 20) == Array(content[..<(1 << 20)]))
    }

    @Test func moreDictionaryThanMemoryIsALimit() throws {
        let file = XZFile.encode(Self.content(3 << 20))
        let container = try XZContainer(of: MemorySource(file))
        // The dictionary of preset 0 is 256 KiB; a decoder of 1 byte of memory cannot have it.
        let error = #expect(throws: ImageError.self) {
            guard
                case .seekable(let block) = try XZScheme(MemorySource(file), container)
                    .open(0, memoryLimit: 1)
            else { return }
            _ = try block.decoder(from: nil)
        }
        #expect(error?.code == .limit)
        #expect(error?.remedy?.setting == .memory)
    }

    @Test(
        arguments: [LZMA_CHECK_NONE, LZMA_CHECK_CRC32, LZMA_CHECK_CRC64, LZMA_CHECK_SHA256].map(\.rawValue))
    func everyCheckIsVerified(_ check: UInt32) throws {
        let content = Self.content(200_000)
        let file = XZFile.encode(content, blockSize: 64 << 10, check: lzma_check(check))
        let (whole, _) = try source(file)
        #expect(try whole.bytes(at: 0, count: content.count) == content)
        for (number, block) in try XZContainer(of: MemorySource(file)).blocks.enumerated()
        where block.check.size > 0 {
            var broken = file
            let place = Int(block.offset + (block.unpaddedSize + 3) & ~3) - block.check.size
            broken[place] ^= 0x80
            let (source, _) = try source(broken)
            let error = #expect(throws: ImageError.self) { try source.bytes(at: block.start, count: 1) }
            #expect(error?.reason.hasPrefix("\(block.check.name) at \(place) is ") == true, "block \(number)")
        }
    }
}
