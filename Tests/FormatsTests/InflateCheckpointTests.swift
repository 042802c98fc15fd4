import CZlib
import TestSupport
import Testing

@testable import VitrineFormats

/// An inflater restored from a checkpoint goes on like the one that it was taken from.
@Suite struct InflateCheckpointTests {
    /// A place at which decoding stopped.
    private struct Place {
        var header: UInt64
        var bit: UInt64
        var history: Int
        /// The number of bytes decoded before it.
        var offset: Int
    }

    private func places(_ encoded: [UInt8], every step: Int) throws -> [Place] {
        let inflater = try Inflater(MemorySource(encoded), 0..<UInt64(encoded.count))
        var places: [Place] = []
        var offset = 0
        repeat {
            places.append(
                Place(
                    header: inflater.blockHeader, bit: inflater.bit, history: inflater.history,
                    offset: offset))
            let hasEnded = try inflater.decode(upTo: step)
            offset += inflater.taken().count
            if hasEnded { return places }
        } while true
    }

    /// Restores at every place with the whole window, records the span of `span` bytes from there, and decodes it again with what was
    /// recorded.
    private func check(
        _ encoded: [UInt8], _ content: [UInt8], every step: Int, span: Int, _ what: String
    ) throws {
        let recording = try Inflater(MemorySource(encoded), 0..<UInt64(encoded.count))
        let restored = try Inflater(MemorySource(encoded), 0..<UInt64(encoded.count))
        for place in try places(encoded, every: step) {
            try recording.restore(
                blockHeader: place.header, bit: place.bit, history: place.history,
                .full { window throws(ImageError) in
                    let start = place.offset - place.history
                    window.copy(content, from: start, count: place.history, to: 0)
                })
            #expect(recording.bit == place.bit && recording.history == place.history)
            let isAtBlock = place.header == place.bit
            #expect(recording.blockHeader == place.header || (isAtBlock && recording.bit == place.bit))
            try recording.beginCheckpoint()
            let expected = Array(content[place.offset..<min(place.offset + span, content.count)])
            let first = recording.result(chunk: min(span / 3, 100_000), limit: span)
            let window = recording.endCheckpoint()
            #expect(first.output == expected, "\(what), \(place.offset)")
            #expect(window.bytes.count <= place.history)
            try restored.restore(
                blockHeader: place.header, bit: place.bit, history: place.history, .sparse(window))
            let second = restored.result(limit: span)
            #expect(second.output == expected, "\(what), \(place.offset), from a sparse window")
        }
    }

    @Test(arguments: [TestContent.text, .mixture, .sparse, .random, .periods])
    func shortSpansFromEverywhere(_ kind: TestContent) throws {
        var random = SeededGenerator(seed: 1)
        let content = kind.bytes(count: 50_000, &random)
        for level in [0, 6] as [Int32] {
            let encoded = RawDeflate.deflate(content, level: level, memory: level == 6 ? 2 : 8)
            try check(encoded, content, every: 97, span: 300, "level \(level)")
        }
        let fixed = RawDeflate.deflate(content, strategy: Z_FIXED)
        try check(fixed, content, every: 97 * 5, span: 300, "fixed")
    }

    /// Spans that go on after nothing before the checkpoint can be read any more, and after the buffer has moved.
    @Test(arguments: [TestContent.text, .mixture, .sparse])
    func longSpans(_ kind: TestContent) throws {
        var random = SeededGenerator(seed: 2)
        let content = kind.bytes(count: 700_000, &random)
        let encoded = RawDeflate.deflate(content, level: 6)
        try check(encoded, content, every: 97 * 911, span: 400_000, "")
    }

    @Test func recordingGoesOnAcrossChunksOfAllSizes() throws {
        var random = SeededGenerator(seed: 3)
        let content = TestContent.mixture.bytes(count: 400_000, &random)
        let encoded = RawDeflate.deflate(content)
        var windows: [SparseWindow] = []
        for chunk in [1, 1000, 32_768, 50_000, 131_072] {
            let inflater = try Inflater(MemorySource(encoded), 0..<UInt64(encoded.count))
            // All stop at the same symbol.
            while inflater.history < 32_768 {
                _ = try inflater.decode(upTo: 1)
                _ = inflater.taken()
            }
            try inflater.beginCheckpoint()
            #expect(inflater.recordedBytes == 1)
            #expect(inflater.result(chunk: chunk, limit: 200_000).end == .limit)
            let recorded = inflater.recordedBytes
            let window = inflater.endCheckpoint()
            #expect(recorded > 1000 && window.bytes.count <= 32_768)
            #expect(inflater.recordedBytes == 0 && inflater.endCheckpoint() == SparseWindow())
            windows.append(window)
        }
        for window in windows { #expect(window == windows[0]) }
    }

    /// Nothing of one stream is recorded, or can be read, from another.
    @Test func aSpanCrossesStreams() throws {
        var random = SeededGenerator(seed: 4)
        let contents = (0..<6).map { _ in TestContent.text.bytes(count: 3000, &random) }
        let data = contents.flatMap { RawDeflate.deflate($0) }
        let inflater = try Inflater(MemorySource(data), 0..<UInt64(data.count))
        _ = try inflater.decode(upTo: 1000)
        let start = inflater.taken().count
        let place = Place(
            header: inflater.blockHeader, bit: inflater.bit, history: inflater.history, offset: start)
        try inflater.beginCheckpoint()
        let first = Self.rest(inflater)
        let expected = Array(contents.joined())[start...]
        #expect(first.elementsEqual(expected))
        let window = inflater.endCheckpoint()
        try inflater.restore(
            blockHeader: place.header, bit: place.bit, history: place.history, .sparse(window))
        #expect(Self.rest(inflater).elementsEqual(expected))
    }

    private static func rest(_ inflater: Inflater) -> [UInt8] {
        var output: [UInt8] = []
        while true {
            output += inflater.result().output
            guard inflater.inputLeft > 0 else { return output }
            inflater.beginStream()
        }
    }

    // MARK: Checkpoints that are wrong

    private static let stored: [UInt8] = {
        var writer = DeflateWriter()
        writer.store([1, 2, 3, 4])
        writer.beginFixed(isFinal: true)
        writer.literal(5)
        writer.match(length: 3, distance: 5)
        writer.endBlock()
        return writer.bytes
    }()

    private func error(
        _ header: UInt64, _ bit: UInt64, _ history: Int = 0, _ window: SparseWindow = SparseWindow()
    ) throws -> String {
        let source = MemorySource([0] + Self.stored + [0])
        let inflater = try Inflater(source, 1..<UInt64(Self.stored.count + 1))
        let error = #expect(throws: ImageError.self) {
            try inflater.restore(blockHeader: header, bit: bit, history: history, .sparse(window))
        }
        #expect(error?.code == .corrupt)
        // It can go on from there, to an error or not.
        _ = inflater.result()
        return error?.description ?? ""
    }

    @Test func placesThatCannotBeAreRefused() throws {
        let end = UInt64(Self.stored.count + 1) * 8
        let outside = "cannot be in deflate data at 8 to \(end)"
        #expect(try error(7, 8) == "bit 8 of a block at 7 \(outside)")
        #expect(try error(8, end + 1) == "bit \(end + 1) of a block at 8 \(outside)")
        #expect(try error(9, 8) == "bit 8 of a block at 9 \(outside)")
        #expect(try error(.max, .max).hasSuffix(outside))
        #expect(try error(8, 16, -1) == "history of a checkpoint is -1 bytes, expected up to 32768")
        #expect(try error(8, 16, 32_769) == "history of a checkpoint is 32769 bytes, expected up to 32768")
        #expect(try error(8, 16, .max).hasPrefix("history of a checkpoint is "))
        // Its bytes are those from 48 to 80.
        for bit in [9, 47, 49, 80, 81] as [UInt64] {
            #expect(try error(8, bit) == "bit \(bit) cannot be in the deflate block at 8")
        }
        #expect(try error(80, 82) == "bit 82 cannot be in the deflate block at 80")
        #expect(
            try error(8, 48, 10, SparseWindow(runs: [9, 2], bytes: [1, 2]))
                == "a run of 2 bytes, 9 after 0, passes the end of a window of 10")
    }

    @Test func placesThatCanBeAreTaken() throws {
        let source = MemorySource(Self.stored)
        let inflater = try Inflater(source, 0..<UInt64(Self.stored.count))
        for (header, bit, history, expected) in [
            (0, 0, 0, [1, 2, 3, 4, 5, 1, 2, 3]), (0, 40, 0, [1, 2, 3, 4, 5, 1, 2, 3]),
            (0, 56, 2, [3, 4, 5, 1, 2, 3]), (72, 72, 4, [5, 1, 2, 3]), (72, 75, 4, [5, 1, 2, 3]),
            (72, 83, 5, [1, 2, 3]),
        ] as [(UInt64, UInt64, Int, [UInt8])] {
            let window: [UInt8] = [1, 2, 3, 4, 5]
            try inflater.restore(
                blockHeader: header, bit: bit, history: history,
                .full { span throws(ImageError) in span.copy(window, from: 0, count: history, to: 0) })
            #expect(inflater.blockHeader == header && inflater.bit == bit)
            #expect(inflater.result() == RawDeflate.Result(output: expected, end: .stream))
        }
    }

    /// What decoding gives from a wrong place does not matter. It must end.
    @Test func randomPlacesAreHarmless() throws {
        var random = SeededGenerator(seed: 6)
        let content = TestContent.mixture.bytes(count: 3000, &random)
        let encoded = RawDeflate.deflate(content, memory: 1) + RawDeflate.deflate(content, level: 0)
        let inflater = try Inflater(MemorySource(encoded), 0..<UInt64(encoded.count))
        let end = UInt64(encoded.count) * 8
        for _ in 0..<3000 {
            let header = random.next() % 3 == 0 ? 0 : UInt64.random(in: 0...end, using: &random)
            let bit = random.next() % 4 == 0 ? header : UInt64.random(in: header...end, using: &random)
            do throws(ImageError) {
                try inflater.restore(
                    blockHeader: header, bit: bit, history: Int(random.next() % 32_769),
                    .sparse(SparseWindow()))
                try inflater.beginCheckpoint()
                _ = inflater.result(chunk: Int(random.next() % 1000) + 1, limit: 40_000)
                _ = inflater.endCheckpoint()
                if random.next() % 4 == 0 {
                    _ = try inflater.nextByte()
                    inflater.beginStream()
                    _ = inflater.result(limit: 1000)
                }
            } catch {
                #expect(error.code == .corrupt)
            }
        }
    }
}
