import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import VitrineFormats

@Suite struct WorkersTests {
    /// Each task lasts long enough for all threads to run one at the same time. The first ones last until as many run
    /// as should.
    @Test(arguments: [true, false])
    func asManyTasksRunAtOnceAsThereAreWorkers(isStarted: Bool) {
        let workers = Workers(count: 3)
        if isStarted { #expect(workers.startThreads()) }
        let state = Monitor((running: 0, most: 0, done: 0))
        for _ in 0..<200 {
            workers.submit(.now) {
                state.change { state in
                    state.running += 1
                    state.most = max(state.most, state.running)
                }
                state.wait { $0.most >= 3 ? () : nil }
                usleep(2000)
                state.change { state in
                    state.running -= 1
                    state.done += 1
                }
            }
        }
        #expect(state.wait { $0.done == 200 ? $0.most : nil } == 3)
    }

    /// A waiting worker is replaced by one, and not by more: the number of tasks at work stays the same.
    @Test
    func asManyTasksRunAsThereAreWorkersWhileOthersWait() {
        let workers = Workers(count: 2)
        let isReady = Monitor(false)
        let waiting = Monitor(0)
        for _ in 0..<4 {
            workers.submit(.now) {
                workers.whileBlocked {
                    waiting.change { $0 += 1 }
                    isReady.wait { $0 ? () : nil }
                }
            }
        }
        waiting.wait { $0 == 4 ? () : nil }
        let state = Monitor((running: 0, most: 0, done: 0))
        for _ in 0..<100 {
            workers.submit(.now) {
                state.change { state in
                    state.running += 1
                    state.most = max(state.most, state.running)
                }
                state.wait { $0.most >= 2 ? () : nil }
                usleep(2000)
                state.change { state in
                    state.running -= 1
                    state.done += 1
                }
            }
        }
        #expect(state.wait { $0.done == 100 ? $0.most : nil } == 2)
        isReady.change { $0 = true }
    }

    @Test
    func aWaitingWorkerLetsAnotherWorkInItsPlace() {
        let workers = Workers(count: 2)
        let isReady = Monitor(false)
        let done = Monitor(0)
        // Both workers wait, and 18 more tasks with them, for the one that is queued last.
        for _ in 0..<20 {
            workers.submit(.now) {
                workers.whileBlocked { isReady.wait { $0 ? () : nil } }
                done.change { $0 += 1 }
            }
        }
        workers.submit(.ahead) { isReady.change { $0 = true } }
        #expect(done.wait { $0 == 20 ? $0 : nil } == 20)
    }

    @Test
    func whatIsUrgentComesFirst() {
        let workers = Workers(count: 1)
        let gate = Monitor(false)
        let order = Monitor<[String]>([])
        workers.submit(.now) { gate.wait { $0 ? () : nil } }
        workers.submit(.ahead) { order.change { $0.append("ahead") } }
        workers.submit(.now) { order.change { $0.append("now") } }
        gate.change { $0 = true }
        #expect(order.wait { $0.count == 2 ? $0 : nil } == ["now", "ahead"])
    }

    /// Found by fuzzing: each `Workers` had a thread key of its own, and a process has 1024.
    @Test
    func thereCanBeAnyNumberOfThemAndTheirThreadsEndWithThem() {
        func threads() -> Int {
            ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []).count
        }
        let before = threads()
        for _ in 0..<3000 {
            let done = Monitor(false)
            Workers(count: 2).submit(.now) { done.change { $0 = true } }
            done.wait { $0 ? () : nil }
        }
        // Other tests start threads of their own meanwhile, but not by the thousand.
        #expect(threads() < before + 1000)
    }
}
