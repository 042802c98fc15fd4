import VitrineFormats

/// Finds out whether the workers have stopped getting on: no task has ended for a long time, and they have hardly used a processor.
///
/// Either what an image is read from hangs, or threads wait for each other. Decoding that takes as long uses the processor.
struct StallWatch {
    /// How long that must have been so, in nanoseconds.
    static let patience: UInt64 = 60_000_000_000

    /// What threads that wait may use of the processor meanwhile, in nanoseconds: some look around twenty times in a second.
    private static let idleTime: UInt64 = 1_000_000_000

    /// The last time that they got on.
    private var last: (progress: Workers.Progress, time: UInt64)

    /// A watch that begins at the time `now`, in nanoseconds, when they have come as far as `progress`.
    init(_ progress: Workers.Progress, now: UInt64) {
        last = (progress, now)
    }

    /// Whether they have stopped, where they have come as far as `progress` at the time `now`.
    mutating func hasStopped(_ progress: Workers.Progress, now: UInt64) -> Bool {
        if progress.tasks != last.progress.tasks
            || progress.processorTime > last.progress.processorTime + Self.idleTime
        {
            last = (progress, now)
        }
        return now - last.time >= Self.patience
    }
}
