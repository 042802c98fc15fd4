/// Work that follows on other work, such as compressing what was decoded: other workers do it meanwhile.
final class Backlog: Sendable {
    private let workers: Workers
    private let pending = Monitor(0)

    private let afterEach: @Sendable () -> Void

    /// No work yet; `afterEach` is called after each task.
    init(_ workers: Workers, afterEach: @escaping @Sendable () -> Void) {
        self.workers = workers
        self.afterEach = afterEach
    }

    /// Has a worker run `task`; waits first where as many are pending as there are workers, as each holds memory.
    func submit(_ task: @escaping @Sendable () -> Void) {
        workers.whileBlocked {
            pending.wait { count -> Void? in
                guard count < workers.count else { return nil }
                count += 1
                return ()
            }
        }
        workers.submit(.now) { [pending, afterEach] in
            task()
            afterEach()
            pending.change { $0 -= 1 }
        }
    }

    /// Waits until everything is done.
    func drain() {
        workers.whileBlocked { pending.wait { $0 == 0 ? () : nil } }
    }
}
