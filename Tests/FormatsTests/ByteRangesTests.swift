import TestSupport
import Testing

@testable import VitrineFormats

@Suite struct ByteRangesTests {
    /// Compares ranges with a list of flags, one for each of 40 bytes.
    @Test(arguments: 0..<50 as Range<UInt64>)
    func doWhatAListOfFlagsDoes(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var ranges = ByteRanges()
        var flags = [Bool](repeating: false, count: 40)
        for _ in 0..<60 {
            let start = UInt64.random(in: 0...40, using: &random)
            let range = start..<UInt64.random(in: start...min(40, start + 9), using: &random)
            let isSet = Bool.random(using: &random)
            if isSet { ranges.insert(range) } else { ranges.remove(range) }
            for index in range { flags[Int(index)] = isSet }

            #expect(ByteRanges(checking: ranges.runs) == ranges)
            #expect(
                flags.indices.map { index in ranges.runs.contains { $0.contains(UInt64(index)) } } == flags)
            let window = UInt64.random(in: 0...20, using: &random)..<30
            #expect(
                ranges.within(window).reduce(0) { $0 + $1.count }
                    == flags[Int(window.lowerBound)..<30].count { $0 })
            #expect(ranges.within([0..<window.lowerBound, window, 30..<40]) == ranges)
        }
    }

    @Test func wrongRunsAreNoticed() {
        #expect(ByteRanges(checking: [0..<1, 2..<3]) != nil)
        #expect(ByteRanges(checking: [0..<2, 2..<3]) == nil)
        #expect(ByteRanges(checking: [0..<2, 1..<3]) == nil)
        #expect(ByteRanges(checking: [4..<5, 1..<3]) == nil)
        #expect(ByteRanges(checking: [1..<1]) == nil)
    }
}
