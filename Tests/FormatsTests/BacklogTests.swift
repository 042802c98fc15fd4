import Synchronization
import Testing

@testable import VitrineFormats

@Suite struct BacklogTests {
    @Test func everythingIsDoneOnceWhenItIsDrained() {
        let workers = Workers(count: 3)
        let done = Atomic<Int>(0)
        let noted = Atomic<Int>(0)
        let backlog = Backlog(workers) { noted.add(1, ordering: .relaxed) }
        for round in 1...20 {
            for _ in 0..<50 { backlog.submit { done.add(1, ordering: .relaxed) } }
            backlog.drain()
            #expect(done.load(ordering: .relaxed) == 50 * round)
            #expect(noted.load(ordering: .relaxed) == 50 * round)
        }
    }

    /// No other worker exists if the system refused to start a thread.
    @Test func itTakesNoWorkerToDrainIt() {
        let workers = Workers(count: 1)
        let gate = Monitor(false)
        workers.submit(.now) { gate.wait { $0 ? () : nil } }
        let done = Monitor<[Int]>([])
        let backlog = Backlog(workers) {}
        for number in 0..<5 { backlog.submit { done.change { $0.append(number) } } }
        backlog.drain()
        #expect(done.withLock { $0 } == [0, 1, 2, 3, 4])
        gate.change { $0 = true }
    }
}
