import CLinux
import Glibc
import VitrineFormats

/// Shows progress on standard error: one line that is redrawn on a terminal, a new line now and then elsewhere, or nothing.
/// Thread-safe.
final class ProgressDisplay: Sendable {
    /// The way in which it shows.
    enum Style: Sendable {
        case redrawn
        case lines
        case none

        /// The style that suits standard error; `none` if the user wants it `quiet`.
        static func suitable(quiet: Bool) -> Style {
            if quiet { return .none }
            guard isatty(STDERR_FILENO) == 1 else { return .lines }
            let isDumb = unsafe getenv("TERM").map { unsafe String(cString: $0) == "dumb" }
            return isDumb ?? true ? .lines : .redrawn
        }

        /// The least time for which a display stays.
        fileprivate var interval: Duration {
            switch self {
            case .redrawn: .milliseconds(200)
            case .lines, .none: .seconds(10)
            }
        }
    }

    private struct State {
        var nextTime: ContinuousClock.Instant
        var isOver = false
    }

    private let label: String
    private let total: UInt64
    private let atStart: UInt64
    private let style: Style
    private let began = ContinuousClock.now
    private let state: Monitor<State>

    /// Shows that `label`, such as `copying`, goes on through `total` bytes. `atStart` bytes of them are done already.
    init(_ label: String, total: UInt64, atStart: UInt64 = 0, _ style: Style) {
        self.label = label
        self.total = total
        self.atStart = atStart
        self.style = style
        state = Monitor(State(nextTime: began + style.interval))
    }

    /// The time since the start.
    var elapsed: Duration { ContinuousClock.now - began }

    /// Notes that `done` bytes are done, and shows it if it is time to.
    func update(_ done: UInt64) {
        if case .none = style { return }
        let now = ContinuousClock.now
        state.withLock { state in
            guard !state.isOver, now >= state.nextTime else { return }
            state.nextTime = now + style.interval
            let bar = ProgressBar(
                label: label, done: done, total: total, atStart: atStart, elapsed: now - began)
            if case .redrawn = style { StandardError.showFleeting(bar.line(width: Self.width)) }
            if case .lines = style { complain(bar.plain) }
        }
    }

    /// Shows nothing more, and clears the display.
    func finish() {
        state.withLock { state in
            state.isOver = true
            if case .redrawn = style { StandardError.clearFleeting() }
        }
    }

    /// One column less than there are, because some terminals go to the next line with the last.
    private static var width: Int {
        let columns = Int(vitrine_terminal_columns(STDERR_FILENO))
        return columns > 1 ? columns - 1 : 79
    }
}
