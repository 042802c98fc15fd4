package import VitrineFormats

/// Detects that the workers make no progress: no task has ended for a long time, and they have hardly used a processor.
///
/// Either the file that an image is read from hangs, or threads wait for each other. Decoding that takes as long uses the processor.
package struct StallWatch: Sendable {
    /// The time for which that must have been so, in nanoseconds.
    private let patience: UInt64

    /// The processor time in nanoseconds that waiting threads may use meanwhile: some look around twenty times in a second.
    private static let idleTime: UInt64 = 1_000_000_000

    /// The last progress, and its time in nanoseconds.
    private var last: (progress: Workers.Progress, time: UInt64)

    /// A watch that begins at the time `now`, in nanoseconds, with the workers' `progress` so far. It calls `seconds` without
    /// progress a stop.
    package init(_ progress: Workers.Progress, seconds: UInt64, now: UInt64) {
        patience = seconds * 1_000_000_000
        last = (progress, now)
    }

    /// True if the workers, whose progress at the time `now` is `progress`, have stopped.
    package mutating func hasStopped(_ progress: Workers.Progress, now: UInt64) -> Bool {
        if progress.tasks != last.progress.tasks
            || progress.processorTime > last.progress.processorTime + Self.idleTime
        {
            last = (progress, now)
        }
        return now - last.time >= patience
    }

    /// The error of what was asked of the workers before they made no progress for `seconds`.
    package static func error(after seconds: UInt64) -> ImageError {
        ImageError(
            .io,
            "nothing was read or decoded for \(seconds) s, and the processor "
                + "was idle: the medium that holds the image does not answer, or threads of vitrine wait for each "
                + "other")
    }
}
