import DequeModule

/// Work that follows on other work, such as compressing what was decoded: other workers do it meanwhile.
final class Backlog: Sendable {
    private struct State {
        /// What no worker has begun yet.
        var queued: Deque<Workers.Task> = []
        /// What is not done yet.
        var pending = 0
    }

    private let workers: Workers
    private let state = Monitor(State())
    private let afterEach: @Sendable () -> Void

    /// No work yet; `afterEach` is called after each task.
    init(_ workers: Workers, afterEach: @escaping @Sendable () -> Void) {
        self.workers = workers
        self.afterEach = afterEach
    }

    /// Has a worker run `task`; where as many are pending as there are workers, does one of those first or waits for one, as each
    /// holds memory.
    func submit(_ task: @escaping Workers.Task) {
        while state.withLock({ $0.pending >= workers.count }) {
            guard !runOne() else { continue }
            workers.whileBlocked { [workers] in
                state.wait { $0.pending < workers.count || !$0.queued.isEmpty ? () : nil }
            }
        }
        state.change { state in
            state.queued.append(task)
            state.pending += 1
        }
        workers.submit(.now) { self.runOne() }
    }

    /// Returns when everything is done, and does itself what no worker has begun: there may be none that could.
    func drain() {
        while runOne() {}
        workers.whileBlocked { state.wait { $0.pending == 0 ? () : nil } }
    }

    /// Does the first of what is queued; false where nothing is.
    @discardableResult
    private func runOne() -> Bool {
        guard let task = state.withLock({ $0.queued.popFirst() }) else { return false }
        task()
        afterEach()
        state.change { $0.pending -= 1 }
        return true
    }
}
