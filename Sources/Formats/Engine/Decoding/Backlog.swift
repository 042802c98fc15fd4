import DequeModule

/// Queues work that follows on other work, such as compressing decoded data, for other workers to do meanwhile.
final class Backlog: Sendable {
    private struct State {
        /// Tasks that no worker has begun yet.
        var queued: Deque<Workers.Task> = []
        /// The number of tasks that are not done yet.
        var pending = 0
    }

    private let workers: Workers
    private let state = Monitor(State())
    private let afterEach: @Sendable () -> Void

    /// Creates an empty backlog. `afterEach` is called after each task.
    init(_ workers: Workers, afterEach: @escaping @Sendable () -> Void) {
        self.workers = workers
        self.afterEach = afterEach
    }

    /// Lets a worker run `task`. If as many tasks are pending as there are workers, first runs one of them or waits for
    /// one, as each holds memory.
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

    /// Returns when everything is done. Runs the tasks that no worker has begun, as there may be no worker that could.
    func drain() {
        while runOne() {}
        workers.whileBlocked { state.wait { $0.pending == 0 ? () : nil } }
    }

    /// Runs the first queued task. Returns false if none is queued.
    @discardableResult
    private func runOne() -> Bool {
        guard let task = state.withLock({ $0.queued.popFirst() }) else { return false }
        task()
        afterEach()
        state.change { $0.pending -= 1 }
        return true
    }
}
