import TestSupport
import Testing

@testable import VitrineFormats

/// Sources that hold the chunks of another by turns.
struct StripedSourceTests {
    private static let chunk = 512

    /// `count` stripes of 8 chunks, and what they hold together.
    private func striped(_ count: Int, holes: [Range<UInt64>] = []) -> (
        StripedSource, bases: [ObservedSource], [UInt8]
    ) {
        var generator = SeededGenerator(seed: UInt64(count))
        let stripes = (0..<count).map { _ in
            (0..<8 * Self.chunk).map { _ in UInt8.random(in: 0...255, using: &generator) }
        }
        let content = (0..<8).flatMap { row in
            stripes.flatMap { $0[row * Self.chunk..<(row + 1) * Self.chunk] }
        }
        let bases = stripes.map { ObservedSource($0, holes: holes) }
        return (StripedSource(bases.map { Base($0, .part) }, chunkSize: UInt64(Self.chunk)), bases, content)
    }

    @Test(arguments: 2...5)
    func reads(_ count: Int) throws {
        let (source, _, content) = striped(count)
        #expect(source.size == UInt64(content.count))
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<200 {
            let start = Int.random(in: 0..<content.count, using: &generator)
            let end = Int.random(in: start...content.count, using: &generator)
            #expect(try source.bytes(at: UInt64(start), count: end - start) == Array(content[start..<end]))
            var now = [UInt8](repeating: 0, count: end - start)
            var span = now.mutableSpan
            #expect(try source.readNow(into: &span, at: UInt64(start)))
            #expect(now == Array(content[start..<end]))
        }
    }

    /// The first chunk of each stripe is a hole, then comes data.
    @Test func extents() throws {
        let (source, _, _) = striped(3, holes: [0..<512])
        #expect(try source.extent(in: 0..<source.size) == Extent(0..<3 * 512, .hole))
        #expect(try source.extent(in: 700..<source.size) == Extent(700..<3 * 512, .hole))
        #expect(try source.extent(in: 3 * 512..<source.size) == Extent(3 * 512..<source.size, .data))
        #expect(try source.depth(in: 5..<source.size) == Allocation(5..<source.size, depth: 1))
    }

    /// A question about everything is answered in parts.
    @Test func answersAreBounded() throws {
        let base = Base(ZeroSource(size: 1 << 40), .part)
        let source = StripedSource([base, base], chunkSize: 4096)
        #expect(try source.extent(in: 8192..<source.size) == Extent(8192..<8192 + 1024 * 4096, .hole))
        #expect(try source.depth(in: 0..<source.size).range == 0..<1024 * 4096)
    }

    @Test func prefetching() throws {
        let (source, bases, _) = striped(2)
        try source.prefetch(256..<1536)
        #expect(bases[0].prefetched == [256..<512, 512..<1024])
        #expect(bases[1].prefetched == [0..<512])
    }
}
