import Testing
import VitrineFormats

@testable import VitrineIndex

@Suite struct FingerprintTests {
    @Test func dependsOnContentSizeAndFormat() throws {
        let bytes = [UInt8](repeating: 7, count: 300_000)
        let whole = try Fingerprint(of: MemorySource(bytes), format: "xz")
        #expect(whole.bytes.count == 32)
        #expect(whole.description.count == 64)
        #expect(try Fingerprint(of: MemorySource(bytes), format: "xz") == whole)
        #expect(try Fingerprint(of: MemorySource(bytes), format: "gzip") != whole)
        #expect(try Fingerprint(of: MemorySource(Array(bytes.dropLast())), format: "xz") != whole)
        var changed = bytes
        changed[bytes.count - 1] = 8
        #expect(try Fingerprint(of: MemorySource(changed), format: "xz") != whole)
    }

    @Test(arguments: [0, 1, 65_536, 196_608, 196_609, 1 << 20, UInt64.max])
    func samplesLieInsideTheFile(_ size: UInt64) {
        let ranges = Fingerprint.ranges(size)
        #expect(ranges.allSatisfy { $0.upperBound <= size })
        #expect(ranges.first?.lowerBound == 0)
        #expect(ranges.last?.upperBound == size)
    }
}
