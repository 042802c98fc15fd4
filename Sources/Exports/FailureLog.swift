package import Logging
import Synchronization

/// Logs failures: the first at each damaged place, and then their count at 10, 100 and so on. Clients try again, and one that
/// reads a bad block again and again would otherwise fill a disk with lines.
package final class FailureLog: Sendable {
    private struct State {
        var counts: [String: Int] = [:]
        /// The failures at places beyond those that are told apart.
        var others = 0
        var lines = 0
        var total = 0
    }

    /// The most places that are told apart.
    package static let maximumPlaces = 1024

    private let state = Mutex(State())

    package init() {}

    /// Logs that `request` failed with the text `error`, unless that has been logged often enough.
    ///
    /// `cause` goes with the line, for a log that has more to say about it.
    package func note(
        _ request: @autoclosure () -> String, _ error: String, cause: (any Error)? = nil, _ logger: Logger
    ) {
        let line = state.withLock { state -> (count: Int, isKnown: Bool)? in
            state.total += 1
            let isKnown = state.counts[error] != nil || state.counts.count < Self.maximumPlaces
            let count: Int
            if isKnown {
                count = state.counts[error, default: 0] + 1
                state.counts[error] = count
            } else {
                state.others += 1
                count = state.others
            }
            guard Self.isWorthALine(count) else { return nil }
            state.lines += 1
            return (count, isKnown)
        }
        guard let line else { return }
        let count =
            switch (line.isKnown, line.count) {
            case (true, 1): ""
            case (true, let count): " (\(count) times by now)"
            case (false, let count): " (of many more places than are listed: \(count) times by now)"
            }
        logger.warning("\(request()): \(error)\(count)", error: cause)
    }

    /// Logs the number of all failures, if it is more than the lines logged.
    package func sumUp(_ logger: Logger) {
        let (total, lines) = state.withLock { ($0.total, $0.lines) }
        if total > lines { logger.warning("\(total) failures in all") }
    }

    /// True if `count` is 1, 10, 100 and so on.
    private static func isWorthALine(_ count: Int) -> Bool {
        var power = 1
        while power < count, power <= Int.max / 10 { power *= 10 }
        return power == count
    }
}
