import Testing

@testable import VitrineFormats

@Suite struct SequentialReadersTests {
    private static let step: UInt64 = 256 << 10

    /// Has `readers` read `count` steps from `offset` on; returns the answer to the last.
    @discardableResult
    private func read(_ readers: inout SequentialReaders, from offset: UInt64, steps count: UInt64) -> Bool {
        var answer = false
        for number in 0..<count {
            let start = offset + number * Self.step
            answer = readers.isSequential(start..<start + Self.step)
        }
        return answer
    }

    @Test func twoLargeReadsInSequenceAreReadingOn() {
        var readers = SequentialReaders()
        let answers = (UInt64(0)..<3).map { read(&readers, from: $0 * Self.step, steps: 1) }
        #expect(answers == [false, true, true])
        let elsewhere = read(&readers, from: 1 << 40, steps: 1)
        #expect(!elsewhere)
    }

    /// Random reads may come near each other too, so what leaves out much is sequential only after a mebibyte.
    @Test func readsThatLeaveOutMuchMustBeMore() {
        var readers = SequentialReaders()
        let answers = (UInt64(0)..<5).map { read(&readers, from: $0 << 20, steps: 1) }
        #expect(answers == [false, false, false, true, true])
    }

    @Test func aReaderThatHasReadMuchMayReadOn() {
        var readers = SequentialReaders()
        read(&readers, from: 100 << 20, steps: 1)
        _ = readers.isSequential(500 << 20..<500 << 20 + 4096)
        #expect(readers.mayReadOn(to: 100 << 20 + Self.step))
        #expect(!readers.mayReadOn(to: 500 << 20 + 4096), "a small read")
        #expect(!readers.mayReadOn(to: 200 << 20))
    }

    @Test func anotherReaderStartsBehind() {
        var readers = SequentialReaders()
        read(&readers, from: 0, steps: 8)
        #expect(readers.start(behind: 0) == nil)
        read(&readers, from: 100 << 20, steps: 8)
        read(&readers, from: 50 << 20, steps: 8)
        #expect(readers.start(behind: 2 << 20) == 50 << 20)
        #expect(readers.start(behind: 50 << 20) == 100 << 20)
        #expect(readers.start(behind: 100 << 20) == nil)
        // Who jumps about is none.
        for number in UInt64(0)..<20 { read(&readers, from: (20 + number * 9) << 20, steps: 1) }
        #expect(readers.start(behind: 2 << 20) == 50 << 20)
    }

    @Test func aReaderThatDoesNotComeAnyMoreIsForgotten() {
        var readers = SequentialReaders()
        read(&readers, from: 100 << 20, steps: 8)
        read(&readers, from: 0, steps: 200)
        #expect(readers.start(behind: 50 << 20) == 100 << 20)
        for _ in 0..<1024 { read(&readers, from: 0, steps: 1) }
        #expect(readers.start(behind: 50 << 20) == nil)
    }
}
