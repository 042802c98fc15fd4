import DequeModule
import Glibc

/// A fixed number of threads that decode, as many at work as there are cores.
///
/// A worker that has to wait for another one lets a spare thread work in its place (`whileBlocked`): otherwise readers
/// waiting for one decode would take up every core, and nothing could be decoded ahead of them.
package final class Workers: Sendable {
    /// The urgency of a task.
    package enum Urgency: Sendable {
        /// A client waits for it.
        case now
        /// Nobody waits for it yet. It runs when nothing urgent is queued, and is dropped if as many such tasks are
        /// queued as there are workers: they have enough to do.
        case ahead
    }

    package typealias Task = @Sendable () -> Void

    private struct State {
        var now: Deque<Task> = []
        var ahead: Deque<Task> = []
        /// Threads that run a task and are not blocked.
        var active = 0
        /// Threads that wait for a task.
        var idle = 0
        var threads = 0
        /// Tasks that have ended.
        var done = 0
        /// The clocks of the threads' processor time.
        var clocks: Set<clockid_t> = []
        /// The processor time of threads that have ended, in nanoseconds.
        var pastTime: UInt64 = 0
        /// True once nobody can submit any more.
        var isEnding = false

        var hasTask: Bool { !now.isEmpty || !ahead.isEmpty }

        mutating func next() -> Task? { now.popFirst() ?? ahead.popFirst() }
    }

    /// Numbers that grow as long as the workers make any progress.
    package struct Progress: Equatable, Sendable {
        /// The number of tasks that have ended.
        package var tasks: Int
        /// The processor time that the workers have had, in nanoseconds.
        package var processorTime: UInt64

        package init(tasks: Int, processorTime: UInt64) {
            self.tasks = tasks
            self.processorTime = processorTime
        }
    }

    /// The number of threads at work at once.
    package let count: Int

    // The threads hold this state and not the workers, whose `deinit` ends the threads.
    private let state = Monitor(State())
    private static let maximumSpare = 128

    /// The key of a value that only worker threads have: the address of their state. Nothing reads through it.
    private static let workerKey: pthread_key_t = {
        var key = pthread_key_t()
        let status = unsafe pthread_key_create(&key, nil)
        precondition(status == 0, "a process has room for 1024 thread keys, and this takes one")
        return key
    }()

    /// Creates workers with `count` threads at work at once, at least 1.
    package init(count: Int) {
        self.count = max(1, count)
    }

    deinit {
        state.change { $0.isEnding = true }
    }

    /// The number of cores this process may use.
    package static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Starts all the threads that are at work at once, so that it is certain from then on that they exist.
    ///
    /// Returns false if the system does not give that many. Without this call, threads are started when there are
    /// tasks.
    package func startThreads() -> Bool {
        while true {
            let isMissingOne = state.withLock { state in
                guard state.threads < count else { return false }
                state.threads += 1
                return true
            }
            guard isMissingOne else { return true }
            guard startThread() else { return false }
        }
    }

    /// Lets a worker run `task`. Returns false if it was dropped.
    @discardableResult
    package func submit(_ urgency: Urgency, _ task: @escaping Task) -> Bool {
        let startsThread = state.change { state -> Bool? in
            switch urgency {
            case .now: state.now.append(task)
            case .ahead where state.ahead.count < count: state.ahead.append(task)
            case .ahead: return nil
            }
            return claimThread(&state)
        }
        if startsThread == true { _ = startThread() }
        return startsThread != nil
    }

    /// True if a task that a client waits for is queued, and no worker is free to run it.
    package var isAnyMissing: Bool { state.withLock { !$0.now.isEmpty && $0.active >= count } }

    /// Runs `body`, which waits for something that another worker does.
    package func whileBlocked<Result>(_ body: () -> Result) -> Result {
        guard unsafe pthread_getspecific(Self.workerKey) == Self.address(of: state) else { return body() }
        let startsThread = state.change { state in
            state.active -= 1
            return claimThread(&state)
        }
        if startsThread { startThreadInPlace() }
        defer { state.withLock { $0.active += 1 } }
        return body()
    }

    /// Runs `body` on as many workers as are at work at once, and waits until all have returned.
    package func runOnAll(_ body: @escaping @Sendable () -> Void) {
        let left = Monitor(count)
        for _ in 0..<count {
            submit(.now) {
                body()
                left.change { $0 -= 1 }
            }
        }
        whileBlocked { left.wait { $0 == 0 ? () : nil } }
    }

    /// The progress of the workers so far.
    package var progress: Progress {
        state.withLock { state in
            Progress(
                tasks: state.done,
                processorTime: state.clocks.reduce(state.pastTime) { $0 + clockTime($1) })
        }
    }

    /// True if a thread has to be started for the queued tasks. That thread is counted already.
    private func claimThread(_ state: inout State) -> Bool {
        guard state.hasTask, state.active < count, state.idle == 0,
            state.threads < count + Self.maximumSpare
        else { return false }
        state.threads += 1
        return true
    }

    /// Starts a thread that was counted. If the system has none left to give, counts it no more and returns false.
    private func startThread() -> Bool {
        let (state, count) = (state, count)
        let isStarted = Thread.start("vitrine-worker") { Self.work(state, count) }
        if !isStarted { state.withLock { $0.threads -= 1 } }
        return isStarted
    }

    /// Starts a thread that was counted, to work while this one waits.
    ///
    /// If the system has none left to give and no other thread is at work, this one keeps trying: the task it is about
    /// to wait for may be queued.
    private func startThreadInPlace() {
        while !startThread() {
            usleep(10_000)
            guard state.withLock({ $0.active == 0 && claimThread(&$0) }) else { return }
        }
    }

    private static func address(of state: Monitor<State>) -> UnsafeMutableRawPointer {
        unsafe Unmanaged.passUnretained(state).toOpaque()
    }

    private static func work(_ state: Monitor<State>, _ count: Int) {
        unsafe pthread_setspecific(workerKey, address(of: state))
        var clock = clockid_t()
        if unsafe pthread_getcpuclockid(pthread_self(), &clock) == 0 {
            state.withLock { _ = $0.clocks.insert(clock) }
        }
        defer {
            state.withLock { state in
                if state.clocks.remove(clock) != nil { state.pastTime += clockTime(clock) }
            }
        }
        var isDone = false
        while let task = nextTask(state, count, afterTask: isDone) {
            task()
            isDone = true
        }
    }

    /// The next task for a thread that has just run one if `afterTask` is true. Nil if the thread is no longer needed.
    ///
    /// A submitter never sees a thread between two tasks, and starts no other in its place.
    private static func nextTask(_ state: Monitor<State>, _ count: Int, afterTask: Bool) -> Task? {
        var isActive = afterTask
        var isIdle = false
        return state.wait { state -> Task?? in
            if isActive {
                isActive = false
                state.active -= 1
                state.done += 1
            }
            if state.active < count, let task = state.next() {
                if isIdle { state.idle -= 1 }
                state.active += 1
                return .some(task)
            }
            if !state.hasTask && (state.threads > count || state.isEnding) {
                if isIdle { state.idle -= 1 }
                state.threads -= 1
                return .some(nil)
            }
            if !isIdle {
                isIdle = true
                state.idle += 1
            }
            return nil
        }
    }
}
