import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

/// Threads that wait on one monitor.
struct MonitorTests {
    @Test func everyWaitingThreadGetsWhatItWaitsFor() {
        let state = Monitor((next: 0, taken: [Int](), left: 0))
        for number in 0..<50 {
            state.withLock { $0.left += 1 }
            Thread.detachNewThread {
                let got = state.wait { $0.next == number ? number : nil }
                state.change { state in
                    state.taken.append(got)
                    state.next += 1
                    state.left -= 1
                }
            }
        }
        let taken = state.wait { $0.left == 0 ? $0.taken : nil }
        #expect(taken == Array(0..<50))
    }

    @Test func whatOneThreadTakesNoOtherGets() {
        let state = Monitor((tokens: 0, taken: 0, left: 20))
        for _ in 0..<20 {
            Thread.detachNewThread {
                state.wait { state -> Void? in
                    guard state.tokens > 0 else { return nil }
                    state.tokens -= 1
                    state.taken += 1
                    return ()
                }
                state.change { $0.left -= 1 }
            }
        }
        for given in 1...20 {
            state.change { $0.tokens += 1 }
            let left = state.wait { $0.left == 20 - given ? ($0.tokens, $0.taken) : nil }
            #expect(left == (0, given))
        }
    }

    @Test func onlyThoseThatHaveAResultAreWoken() {
        // Counts how often each thread looks itself: once, before it waits.
        let state = Monitor((value: 0, own: 0, done: 0))
        for number in 1...20 {
            Thread.detachNewThread {
                let me = pthread_self()
                state.wait { state in
                    if pthread_equal(pthread_self(), me) != 0 { state.own += 1 }
                    return state.value == number ? () : nil
                }
                state.change { $0.done += 1 }
            }
        }
        state.wait(every: { _ in 1_000_000 }) { $0.own == 20 ? () : nil }
        for number in 1...20 {
            state.change { $0.value = number }
            state.wait { $0.done == number ? () : nil }
        }
        #expect(state.withLock { $0.own } == 20)
    }

    @Test func timeAloneMayGiveAResult() {
        let state = Monitor(0)
        let end = ContinuousClock.now + .milliseconds(50)
        let left = Monitor(5)
        for _ in 0..<5 {
            Thread.detachNewThread {
                state.wait(every: { _ in 1_000_000 }) { _ in ContinuousClock.now >= end ? () : nil }
                left.change { $0 -= 1 }
            }
        }
        left.wait { $0 == 0 ? () : nil }
        #expect(ContinuousClock.now >= end)
    }

    @Test func aTimeThatBecomesShorterCountsAtOnce() {
        let hour: UInt64 = 3_600_000_000_000
        let state = Monitor((interval: hour, isWaiting: false, left: 2))
        let end = ContinuousClock.now + .milliseconds(20)
        for _ in 0..<2 {
            Thread.detachNewThread {
                state.wait(every: { $0.interval }) { state -> Void? in
                    state.isWaiting = true
                    return ContinuousClock.now >= end ? () : nil
                }
                state.change { $0.left -= 1 }
            }
        }
        while !state.withLock({ $0.isWaiting }) { usleep(1000) }
        state.change { $0.interval = 1_000_000 }
        state.wait { $0.left == 0 ? () : nil }
        #expect(ContinuousClock.now >= end)
    }
}
