import CLZMA
import TestSupport
import Testing

@testable import VitrineFormats

/// Known zeroes: they are reported, and read without decoding.
@Suite struct SeekZeroesTests {
    /// Noise with zeroes in between that start and end at no special offsets. The last run goes to the end.
    private static let content: [UInt8] = {
        var random = SeededGenerator(seed: 41)
        var bytes: [UInt8] = []
        for length in [100, 20_000, 300_000, 40_001, 15_000, 262_144, 4096, 700_003, 30_000] {
            for _ in 0..<Int.random(in: 1...90_000, using: &random) {
                bytes.append(.random(in: 1...255, using: &random))
            }
            bytes += repeatElement(0, count: length)
        }
        return bytes
    }()

    /// All zeroes of `content` by the rule: whole granules of 4 KiB, at least 16 KiB.
    private func zeroGranules() -> [Bool] {
        let content = Self.content
        var isZero = stride(from: 0, to: content.count, by: 4096).map { start in
            content[start..<min(content.count, start + 4096)].allSatisfy { $0 == 0 }
        }
        var start = 0
        while start < isZero.count {
            let end = isZero[start...].firstIndex { $0 != isZero[start] } ?? isZero.count
            let count = min(content.count, end * 4096) - start * 4096
            if isZero[start], count < 16 << 10 { for index in start..<end { isZero[index] = false } }
            start = end
        }
        return isZero
    }

    private func extents(_ source: any Source) throws -> [Extent] {
        var extents: [Extent] = []
        var position: UInt64 = 0
        while position < source.size {
            let extent = try source.extent(in: position..<source.size)
            #expect(extent.range.lowerBound == position)
            extents.append(extent)
            position = extent.range.upperBound
        }
        return extents
    }

    @Test(arguments: [0, 400_000]) func extentsAreThoseOfTheContent(_ blockSize: Int) throws {
        let content = Self.content
        let engine = Engine(memory: 16 << 20, threads: 2)
        let index = FakeIndex()
        let source = try SeekContent.open(XZFile.encode(content, blockSize: blockSize), index, engine)
        #expect(try extents(source).map(\.kind) == [.data])
        try source.buildIndex(isStopped: { false }, progress: { _ in })
        let decodes = engine.cache.decodes
        let found = try extents(source)
        let expected = zeroGranules()
        // Backwards, as a reader that reads on is read ahead of.
        for extent in found.reversed() {
            for offset in stride(from: extent.range.lowerBound, to: extent.range.upperBound, by: 512) {
                let isZero = extent.kind == .zero
                // Where spans meet, a run may be found in parts, of which one may be too short.
                let isNearSpan = index.entries.contains { entry in
                    entry.span.range.lowerBound < offset + (16 << 10)
                        && offset < entry.span.range.lowerBound + (16 << 10)
                        || entry.span.range.upperBound < offset + (16 << 10)
                            && offset < entry.span.range.upperBound + (16 << 10)
                }
                #expect(isZero == expected[Int(offset / 4096)] || isNearSpan, "at \(offset)")
            }
            if extent.kind == .zero {
                let range = Int(extent.range.lowerBound)..<Int(extent.range.upperBound)
                #expect(content[range].allSatisfy { $0 == 0 })
                #expect(
                    try source.bytes(at: extent.range.lowerBound, count: range.count).allSatisfy { $0 == 0 })
                var buffer = [UInt8](repeating: 1, count: range.count)
                var span = buffer.mutableSpan
                #expect(try source.readNow(into: &span, at: extent.range.lowerBound))
            }
        }
        #expect(found.contains { $0.kind == .zero })
        #expect(engine.cache.decodes == decodes)
        #expect(source.indexState.zeroes > 1_000_000)
        try compareSlice(source, found)
    }

    private func compareSlice(_ source: SeekableSource, _ all: [Extent]) throws {
        let start: UInt64 = 150_000
        let slice = try Slice(source, start..<source.size - 10_000)
        for extent in try extents(slice) {
            let outer = try #require(all.first { $0.range.contains(extent.range.lowerBound + start) })
            #expect(outer.kind == extent.kind)
            #expect(extent.range.upperBound + start <= outer.range.upperBound)
        }
    }
}
