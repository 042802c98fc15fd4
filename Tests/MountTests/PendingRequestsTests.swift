import Testing

@testable import VitrineFormats
@testable import VitrineMount

/// Requests that workers answer within a time limit.
struct PendingRequestsTests {
    private let engine = Engine(memory: 16 << 20, threads: 1)

    @Test func aReplyIsSent() {
        let pending = PendingRequests(engine.workers)
        let sent = Monitor<[UInt8]?>(nil)
        pending.answer(1) {
            [1, 2]
        } send: { reply in
            sent.change { $0 = reply }
        }
        #expect(sent.wait { $0 } == [1, 2])
        pending.end()
        pending.watch { _ in Issue.record("nothing is late") }
    }

    @Test func whatIsLateFailsOnceAndIsNotAnswered() {
        let pending = PendingRequests(engine.workers, patience: 0)
        let goesOn = Monitor(false)
        let sent = Monitor<[UInt8]>([])
        pending.answer(7) {
            goesOn.wait { $0 ? () : nil }
            return [7]
        } send: { reply in
            sent.withLock { $0 += reply }
        }
        let late = Monitor<[UInt64]>([])
        let hasEnded = Monitor(false)
        #expect(
            Thread.start("test") {
                pending.watch { number in late.change { $0.append(number) } }
                hasEnded.change { $0 = true }
            })
        late.wait { $0.isEmpty ? nil : () }
        goesOn.change { $0 = true }
        // One thread works, so the next task runs behind the late one.
        let isDone = Monitor(false)
        engine.workers.submit(.now) { isDone.change { $0 = true } }
        isDone.wait { $0 ? () : nil }
        pending.end()
        hasEnded.wait { $0 ? () : nil }
        #expect(late.withLock { $0 } == [7])
        #expect(sent.withLock { $0 }.isEmpty)
    }
}
