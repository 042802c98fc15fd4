import DequeModule
import Glibc

/// A fixed number of threads that decode, as many at work as there are cores.
///
/// A worker that has to wait for another one lets a spare thread work in its
/// place (`whileBlocked`): otherwise readers waiting for one decode would take
/// up every core, and nothing could be decoded ahead of them.
package final class Workers: Sendable {
    /// What a task is waited for by.
    package enum Urgency: Sendable {
        /// A client waits for it.
        case now
        /// Nobody waits for it yet; it runs when nothing urgent is queued, and is dropped where as
        /// many such tasks are queued as there are workers: they have enough to do.
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
        /// Nobody can submit any more.
        var isEnding = false

        var hasTask: Bool { !now.isEmpty || !ahead.isEmpty }

        mutating func next() -> Task? { now.popFirst() ?? ahead.popFirst() }
    }

    /// What grows for as long as the workers get on with anything.
    package struct Progress: Equatable, Sendable {
        /// Tasks that have ended.
        package var tasks: Int
        /// What the workers have had of the processors, in nanoseconds.
        package var processorTime: UInt64

        package init(tasks: Int, processorTime: UInt64) {
            self.tasks = tasks
            self.processorTime = processorTime
        }
    }

    /// How many threads are at work at once.
    package let count: Int

    // The threads know this, and not the workers themselves, whose end is theirs.
    private let state = Monitor(State())
    private static let maximumSpare = 128

    /// In threads that are workers, the address of their state; nothing reads through it.
    private static let workerKey: pthread_key_t = {
        var key = pthread_key_t()
        let status = unsafe pthread_key_create(&key, nil)
        precondition(status == 0, "a process has room for 1024 thread keys, and this takes one")
        return key
    }()

    /// Workers of which `count` are at work at once; at least 1.
    package init(count: Int) {
        self.count = max(1, count)
    }

    deinit {
        state.change { $0.isEnding = true }
    }

    /// The cores this process may use.
    package static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Starts the threads that are at work at once, so that there is no doubt later whether there are any.
    ///
    /// Returns false where the system does not give as many. Without this they are started when there are tasks.
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

    /// Has `task` run by a worker; false where it was dropped.
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

    /// Runs `body`, which waits for something another worker does.
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

    /// Runs `body` on as many workers as there are at once, and waits until all have returned.
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

    /// How far the workers have come.
    package var progress: Progress {
        state.withLock { state in
            Progress(
                tasks: state.done,
                processorTime: state.clocks.reduce(state.pastTime) { $0 + clockTime($1) })
        }
    }

    /// Whether a thread is to be started for what is queued; it is counted already.
    private func claimThread(_ state: inout State) -> Bool {
        guard state.hasTask, state.active < count, state.idle == 0,
            state.threads < count + Self.maximumSpare
        else { return false }
        state.threads += 1
        return true
    }

    /// Starts a thread that was counted; false where the system has none left to give, and it counts no more.
    private func startThread() -> Bool {
        let (state, count) = (state, count)
        let isStarted = Thread.start("vitrine-worker") { Self.work(state, count) }
        if !isStarted { state.withLock { $0.threads -= 1 } }
        return isStarted
    }

    /// Starts a thread that was counted, to work while this one waits.
    ///
    /// Where the system has none left to give and no other thread is at work, this one goes on trying: what it is about
    /// to wait for may be among what is queued.
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

    /// The next task, `afterTask` another; nil when this thread is one more than are needed.
    ///
    /// Whoever submits never sees a thread between two tasks, and starts no other in its place.
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
