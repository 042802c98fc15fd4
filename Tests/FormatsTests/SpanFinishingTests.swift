import TestSupport
import Testing

@testable import VitrineFormats

/// What a random reader leaves of a span.
@Suite struct SpanFinishingTests {
    @Test func isDecodedByAWorkerThatHasNothingElseToDo() throws {
        var random = SeededGenerator(seed: 5)
        let content = (0..<2 << 20).map { _ in UInt8.random(in: 0...15, using: &random) }
        let engine = Engine(memory: 64 << 20, threads: 2)
        let source = try SeekableSource(xz: MemorySource(XZFile.encode(content)), engine)
        try source.buildIndex(isStopped: { false }, progress: { _ in })
        let span = try #require(source.spans.span(at: 0))
        try #require(span.pieces > 2)
        let unit = source.spans.unit(0)
        #expect(engine.cache.cached(unit, piece: span.pieces - 1) == nil)
        let decodes = engine.cache.decodes
        #expect(try source.bytes(at: 1000, count: 10) == Array(content[1000..<1010]))
        let last = try until("the last piece is decoded") {
            engine.cache.cached(unit, piece: span.pieces - 1)
        }
        let end = Int(span.range.upperBound)
        #expect(last == Array(content[(span.pieces - 1) * SeekSpan.pieceSize..<end]))
        // By the decoder that the reader left.
        #expect(engine.cache.decodes == decodes + 1)
        #expect(engine.cache.parkedPiece(unit) == nil)
    }

    private func entry(_ number: UInt64) -> UnfinishedSpans.Entry {
        let range = number * 1000..<number * 1000 + 1000
        return UnfinishedSpans.Entry(span: SeekSpan(range: range, input: number, time: 1), generation: 0)
    }

    @Test func theLatestSpansComeFirst() {
        var spans = UnfinishedSpans()
        let isFirst = spans.add(entry(1))
        #expect(isFirst)
        for number: UInt64 in [2, 3, 1] {
            let needsTask = spans.add(entry(number))
            #expect(!needsTask)
        }
        var order: [UInt64] = []
        while let next = spans.next() { order.append(next.span.input) }
        #expect(order == [1, 3, 2])
        // Its task has ended.
        let needsTask = spans.add(entry(4))
        #expect(needsTask)
    }

    @Test func onlySoManyWait() {
        var spans = UnfinishedSpans()
        for number: UInt64 in 0..<100 { _ = spans.add(entry(number)) }
        var count = 0
        while spans.next() != nil { count += 1 }
        #expect(count == 64)
    }
}
