import Foundation
import Testing
import TestSupport
import VitrineFormats

@testable import vitrine

/// Lines that are written while nobody waits for that.
@Suite struct LineQueueTests {
    @Test func linesComeInOrder() throws {
        let written = Monitor<[String]>([])
        let queue = try #require(LineQueue { line in written.change { $0.append(line) } })
        let lines = (0..<1000).map { "line \($0)" }
        for line in lines { queue.add(line) }
        queue.drain()
        #expect(written.withLock { $0 } == lines)
    }

    @Test func whoReadsNothingHoldsUpNobody() throws {
        let gate = Monitor(false)
        let written = Monitor<[String]>([])
        let queue = try #require(
            LineQueue { line in
                gate.wait { $0 ? () : nil }
                written.change { $0.append(line) }
            })
        let line = String(repeating: "x", count: 1023)
        // 256 KiB are kept, and what is being written.
        for number in 0..<1000 { queue.add("\(number % 10)" + line) }
        queue.drain()
        #expect(written.withLock { $0.isEmpty })
        gate.change { $0 = true }
        queue.drain()
        let all = written.withLock { $0 }
        let kept = all.count - 1
        #expect((256...257).contains(kept))
        #expect(all.dropLast() == (0..<kept).map { "\($0 % 10)" + line }[...])
        #expect(
            all.last
                == "vitrine: \(1000 - kept) lines are missing here, because nobody read the lines before them "
                + "in time")
        // From then on all is as before.
        queue.add("more")
        queue.drain()
        #expect(written.withLock { $0.last } == "more")
    }
}
