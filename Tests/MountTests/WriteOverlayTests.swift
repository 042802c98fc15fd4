import TestSupport
import Testing

@testable import VitrineFormats
@testable import VitrineMount

/// Writes to a disk in memory.
struct WriteOverlayTests {
    private static let size = 300_000
    private let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }

    private func overlay(limit: Int = 1 << 20) -> (WriteOverlay, Engine) {
        let engine = Engine(memory: 16 << 20, threads: 1)
        return (WriteOverlay(roundedUp(MemorySource(content), to: 512), limit: limit, engine.cache), engine)
    }

    private func all(_ overlay: WriteOverlay) throws -> [UInt8] {
        try overlay.bytes(at: 0, count: Int(overlay.size))
    }

    @Test func withoutWritesItIsTheDiskRoundedUp() throws {
        let (overlay, _) = overlay()
        #expect(try all(overlay) == content + [UInt8](repeating: 0, count: Int(overlay.size) - Self.size))
        #expect(overlay.written == 0)
    }

    @Test func itHoldsWhatWasWritten() throws {
        let (overlay, _) = overlay()
        var expected = content + [UInt8](repeating: 0, count: Int(overlay.size) - Self.size)
        var random = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            let count = Int.random(in: 1...100_000, using: &random)
            let offset = Int.random(in: 0...expected.count - count, using: &random)
            let data = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            try overlay.write(data[...], at: UInt64(offset))
            expected.replaceSubrange(offset..<offset + count, with: data)
        }
        #expect(try all(overlay) == expected)
        let base = MemorySource(content)
        #expect(try base.bytes(at: 0, count: Self.size) == content)
    }

    @Test func thereIsALimit() throws {
        let (overlay, _) = overlay(limit: 128 << 10)
        try overlay.write([1], at: 0)
        try overlay.write([2], at: 200_000)
        #expect(throws: ImageError.self) { try overlay.write([3], at: 100_000) }
        // What is there can be written to again.
        try overlay.write([4], at: 1)
        #expect(try overlay.bytes(at: 0, count: 2) == [1, 4])
        #expect(try overlay.bytes(at: 100_000, count: 1) == [content[100_000]])
    }

    @Test func writesEndAtTheEnd() throws {
        let (overlay, _) = overlay()
        let end = overlay.size
        try overlay.write([9], at: end - 1)
        #expect(try overlay.bytes(at: end - 1, count: 1) == [9])
        for (offset, count) in [(end, 1), (end - 1, 2), (.max, 1)] as [(UInt64, Int)] {
            #expect(throws: ImageError.self) {
                try overlay.write([UInt8](repeating: 1, count: count)[...], at: offset)
            }
        }
    }

    /// The chunks count against the memory budget, as long as the overlay lives.
    @Test func itsMemoryIsCounted() throws {
        let engine = Engine(memory: 16 << 20, threads: 1)
        func write() throws {
            let overlay = WriteOverlay(MemorySource(content), limit: 1 << 20, engine.cache)
            try overlay.write([1], at: 0)
            try overlay.write([1], at: 70_000)
            #expect(engine.cache.heldElsewhere == 128 << 10)
        }
        try write()
        #expect(engine.cache.heldElsewhere == 0)
    }
}
