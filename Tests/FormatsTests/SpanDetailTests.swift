import TestSupport
import Testing

@testable import VitrineFormats

/// Details of spans, packed and unpacked.
@Suite struct SpanDetailTests {
    private static let limit = 1 << 20

    /// Details of many shapes, and the number of pieces of each.
    private static func details() -> [SpanDetail] {
        var random = SeededGenerator(seed: 31)
        return (0..<12).map { number in
            var window = SparseWindow()
            for _ in 0..<number * 3 {
                let run = (0..<Int.random(in: 1...300, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                unsafe run.withUnsafeBufferPointer { run in
                    unsafe window.append(gap: Int.random(in: 0...100_000, using: &random), run)
                }
            }
            // Of a span that starts at 0.
            let state =
                number == 0
                ? []
                : [UInt8](repeating: 0, count: 8)
                    + (0..<number * 500).map { UInt8(truncatingIfNeeded: $0 / 3) }
            return SpanDetail(
                state: state, window: window,
                hashes: (0..<number + 1).map { _ in UInt64.random(in: 0...(.max), using: &random) })
        }
    }

    private func unpack(_ packed: [UInt8], _ pieces: Int) throws(ImageError) -> SpanDetail {
        try SpanDetail(packed, pieces: pieces, limit: Self.limit)
    }

    @Test func whatIsPackedIsUnpacked() throws {
        for detail in Self.details() {
            for level: Int32 in [1, 3, 15] {
                #expect(try unpack(detail.packed(level: level), detail.hashes.count) == detail)
            }
            #expect(throws: ImageError.self) {
                try unpack(detail.packed(level: 3), detail.hashes.count + 1)
            }
        }
    }

    @Test func everyTruncationIsRefused() {
        for detail in Self.details().prefix(4) {
            let packed = detail.packed(level: 3)
            for count in 0..<packed.count {
                #expect(throws: ImageError.self) {
                    try unpack(Array(packed[..<count]), detail.hashes.count)
                }
            }
            #expect(throws: ImageError.self) { try unpack(packed + [0], detail.hashes.count) }
        }
    }

    /// Frames have no checksum, so a flip may go unnoticed here. The index has a hash of the whole.
    @Test func flipsAreHarmless() {
        var random = SeededGenerator(seed: 32)
        var window = [UInt8](repeating: 0, count: 200_000)
        for detail in Self.details() {
            let packed = detail.packed(level: 3)
            for _ in 0..<200 {
                var flipped = packed
                flipped[Int.random(in: 0..<packed.count, using: &random)] ^=
                    1 << UInt8.random(in: 0..<8, using: &random)
                guard let found = try? unpack(flipped, detail.hashes.count) else { continue }
                #expect(found.hashes.count == detail.hashes.count)
                unsafe window.withUnsafeMutableBufferPointer { window in
                    try? unsafe found.window.scatter(into: window)
                }
                if !found.state.isEmpty { _ = try? XZSpanState(Array(found.state.dropFirst(8))) }
            }
        }
    }

    @Test func moreThanTheLimitIsNotAllocated() {
        var packed = SpanDetail(hashes: [1]).packed(level: 3)
        packed.replaceSubrange(16..<20, with: [0xFF, 0xFF, 0xFF, 0x7F])
        let error = #expect(throws: ImageError.self) { try unpack(packed, 1) }
        #expect(error?.code == .limit)
    }
}
