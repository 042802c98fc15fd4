import VitrineFormats

/// The requests of the kernel that workers are answering, within a time limit: a program that waits for a read cannot be killed.
final class PendingRequests: Sendable {
    /// The requests by their numbers, and the times since when. Nil once nobody waits for replies any more.
    private let times = Monitor<[UInt64: UInt64]?>([:])
    private let workers: Workers
    /// The time limit of each request, in nanoseconds.
    private let patience: UInt64

    /// None yet. Each must be answered by the `workers` within `patience` seconds.
    init(_ workers: Workers, patience: UInt64 = 60) {
        self.workers = workers
        self.patience = patience * 1_000_000_000
    }

    /// Lets a worker find the reply to the request `number`, and `send` it, if it is not too late by then.
    func answer(
        _ number: UInt64, _ reply: @escaping @Sendable () -> [UInt8],
        send: @escaping @Sendable ([UInt8]) -> Void
    ) {
        times.withLock { $0?[number] = monotonicTime() }
        workers.submit(.now) { [self] in
            let reply = reply()
            if times.withLock({ $0?.removeValue(forKey: number) }) != nil { send(reply) }
        }
    }

    /// Drops them all.
    func end() { times.change { $0 = nil } }

    /// Calls `fail` with the number of each request that takes too long, until the end.
    func watch(_ fail: (UInt64) -> Void) {
        while true {
            let late: [UInt64] = times.wait(every: { _ in 1_000_000_000 }) { times in
                guard let all = times else { return [] }
                let now = monotonicTime()
                let late = all.filter { now - $0.value > patience }.map(\.key)
                for number in late { times?[number] = nil }
                return late.isEmpty ? nil : late
            }
            if late.isEmpty { return }
            late.forEach(fail)
        }
    }
}
