import TestSupport
import Testing

@testable import VitrineFormats

/// Compares the runs found in data that comes piece by piece with those found in all of it at once.
@Suite struct ZeroScannerTests {
    private static let granule = 4096
    private static let minimum = 16 << 10

    /// The runs of zeroes in `bytes`, which start at `offset`: whole granules, and at the ends parts of granules.
    private func runs(_ bytes: [UInt8], at offset: Int) -> [Range<UInt64>] {
        var runs: [Range<Int>] = []
        var position = offset
        let end = offset + bytes.count
        while position < end {
            let next = min(end, (position / Self.granule + 1) * Self.granule)
            if bytes[position - offset..<next - offset].allSatisfy({ $0 == 0 }) {
                if let last = runs.last, last.upperBound == position {
                    runs[runs.count - 1] = last.lowerBound..<next
                } else {
                    runs.append(position..<next)
                }
            }
            position = next
        }
        return runs.filter { $0.count >= Self.minimum }.map { UInt64($0.lowerBound)..<UInt64($0.upperBound) }
    }

    @Test(arguments: 0..<40) func findsWhatIsThere(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let offset = Bool.random(using: &random) ? Int.random(in: 0...20_000, using: &random) : 8192
        var bytes = [UInt8](repeating: 0, count: Int.random(in: 1...300_000, using: &random))
        for _ in 0..<Int.random(in: 0...8, using: &random) {
            let start = Int.random(in: 0..<bytes.count, using: &random)
            for index in start..<min(bytes.count, start + Int.random(in: 1...9000, using: &random)) {
                bytes[index] = 1
            }
        }
        var scanner = ZeroScanner(at: UInt64(offset))
        var position = 0
        while position < bytes.count {
            let limit = Bool.random(using: &random) ? 131_072 : 5000
            let count = min(bytes.count - position, Int.random(in: 1...limit, using: &random))
            let piece = Array(bytes[position..<position + count])
            if piece.allSatisfy({ $0 == 0 }), Bool.random(using: &random) {
                scanner.scan(zeroes: count)
            } else {
                scanner.scan(piece)
            }
            position += count
        }
        #expect(scanner.finish() == runs(bytes, at: offset))
    }

    @Test func goesOnAfterItsEnd() {
        var scanner = ZeroScanner(at: 0)
        scanner.scan(zeroes: 20_000)
        #expect(scanner.finish() == [0..<20_000])
        scanner.scan([1])
        scanner.scan(zeroes: 40_000)
        #expect(scanner.finish() == [20_480..<60_001])
    }
}
