import VitrineFormats

/// Tasks that a thread with descriptors of its own leaves to one that shares them with all others: what is opened there is for all.
///
/// One thread has tasks, and another one runs them.
final class Errands: Sendable {
    private enum Step {
        case idle
        case task(@Sendable () -> Void)
        case over
    }

    private let step = Monitor(Step.idle)

    /// Lets the other thread run `task`, and waits for its result.
    func run<Result: Sendable>(_ task: @escaping @Sendable () -> Result) -> Result {
        let found = Monitor<Result?>(nil)
        step.change {
            $0 = .task {
                let result = task()
                found.change { $0 = result }
            }
        }
        return found.wait { $0 }
    }

    /// Tells the other thread that there will be no more tasks.
    func end() { step.change { $0 = .over } }

    /// Runs the tasks of the other thread, until there will be no more.
    func serve() {
        while true {
            let next: Step = step.wait { step in
                defer { if case .task = step { step = .idle } }
                if case .idle = step { return nil }
                return step
            }
            guard case .task(let task) = next else { return }
            task()
        }
    }
}
