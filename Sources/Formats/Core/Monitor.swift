import Glibc

/// A value that threads take turns with and can wait on.
///
/// `Mutex` of the standard library has no condition variable; this is the smallest thing that has one. A thread that
/// changes the value looks on behalf of the waiting ones, and wakes those alone that have got what they wait for: among
/// many that wait for different things, nearly all would wake in vain.
///
/// @safe: the pointers never leave it, and live as long as it does.
@safe package final class Monitor<Value>: @unchecked Sendable {
    // @unchecked: `value` and `waiters` are touched only between lock and unlock below.
    private var value: Value
    /// The threads that wait, the longest-waiting first.
    private var waiters: [Waiter] = []
    // Allocated because a pthread mutex must not move once it is in use.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    /// A monitor holding `value`.
    package init(_ value: sending Value) {
        self.value = value
        unsafe pthread_mutex_init(mutex, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Runs `body` alone with the value.
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body(&value)
    }

    /// Runs `body` alone with the value, then looks for every waiting thread.
    package func change<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer {
            if !waiters.isEmpty { look() }
            unsafe pthread_mutex_unlock(mutex)
        }
        return try body(&value)
    }

    /// Waits until `body` gives a result.
    ///
    /// `body` runs alone with the value, at once and after every `change`, on any thread.
    package func wait<Result>(until body: (inout Value) -> Result?) -> Result {
        wait(interval: nil, until: body)
    }

    /// Waits until `body` gives a result, which may also depend on the time that has passed.
    ///
    /// `body` runs as for `wait(until:)`, and also after every `interval`, in nanoseconds, which may depend on the value.
    package func wait<Result>(
        every interval: (Value) -> UInt64, until body: (inout Value) -> Result?
    ) -> Result {
        withoutActuallyEscaping(interval) { wait(interval: $0, until: body) }
    }

    private func wait<Result>(
        interval: ((Value) -> UInt64)?, until body: (inout Value) -> Result?
    ) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        if let result = body(&value) { return result }
        return withoutActuallyEscaping(body) { body in
            var result: Result?
            let waiter = Waiter(interval: interval) { value in
                result = body(&value)
                return result != nil
            }
            waiters.append(waiter)
            setDeadline()
            while true {
                if let result { return result }
                if unsafe waiter.sleep(mutex, until: waiter === timekeeper ? deadline : nil) { look() }
            }
        }
    }

    // MARK: Waiting threads. All of this runs under the lock.

    /// The waiting thread that looks again after a time, for all others too. Nil if the time does not matter to any.
    private var timekeeper: Waiter? { waiters.first { $0.interval != nil } }

    /// The time at which the timekeeper looks again, in nanoseconds of the monotonic clock.
    private var deadline: UInt64 = .max

    /// Looks for every waiting thread, and wakes those that have got what they wait for.
    private func look() {
        deadline = .max
        waiters.removeAll { waiter in
            guard waiter.look(&value) else { return false }
            waiter.wake()
            return true
        }
        setDeadline()
    }

    /// Sets the deadline anew, and wakes the timekeeper if it sleeps beyond it.
    private func setDeadline() {
        guard let timekeeper, let interval = timekeeper.interval else { return }
        deadline = monotonicTime().addingReportingOverflow(interval(value)).partialValue
        if timekeeper.sleepsUntil > deadline { timekeeper.wake() }
    }

    /// A thread that waits.
    ///
    /// @safe: the pointer never leaves it, and lives as long as it does.
    @safe private final class Waiter {
        /// The time, in nanoseconds, after which its `look` may have another result although nothing has changed. Nil if
        /// it never has.
        let interval: ((Value) -> UInt64)?
        /// Takes what the thread waits for. Returns false if that is not there yet.
        let look: (inout Value) -> Bool
        /// The time until which it sleeps, in nanoseconds of the monotonic clock. 0 if it is awake.
        private(set) var sleepsUntil: UInt64 = 0
        private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

        init(interval: ((Value) -> UInt64)?, look: @escaping (inout Value) -> Bool) {
            self.interval = interval
            self.look = look
            var attributes = pthread_condattr_t()
            unsafe pthread_condattr_init(&attributes)
            // Waiting for a time must not depend on changes of the wall clock.
            unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
            unsafe pthread_cond_init(condition, &attributes)
            unsafe pthread_condattr_destroy(&attributes)
        }

        deinit {
            unsafe pthread_cond_destroy(condition)
            unsafe condition.deallocate()
        }

        /// Sleeps until `wake`, without an end if `time` is nil. Returns true if it was for the whole time.
        func sleep(_ mutex: UnsafeMutablePointer<pthread_mutex_t>, until time: UInt64?) -> Bool {
            sleepsUntil = time ?? .max
            defer { sleepsUntil = 0 }
            guard let time else {
                unsafe pthread_cond_wait(condition, mutex)
                return false
            }
            var end = timespec(tv_sec: Int(time / 1_000_000_000), tv_nsec: Int(time % 1_000_000_000))
            return unsafe pthread_cond_timedwait(condition, mutex, &end) == ETIMEDOUT
        }

        func wake() { unsafe pthread_cond_signal(condition) }
    }
}
