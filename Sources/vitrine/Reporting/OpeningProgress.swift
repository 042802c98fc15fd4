import VitrineFormats

/// Shows how far the opening of an image has come where that takes decoding all of it. Thread-safe.
final class OpeningProgress: Sendable {
    private let style: ProgressDisplay.Style
    private let isStopped: @Sendable () -> Bool
    private let display = Monitor<ProgressDisplay?>(nil)

    /// Shows nothing until there is something to decode. Decoding ends early when `isStopped` returns true.
    init(_ style: ProgressDisplay.Style, isStopped: @escaping @Sendable () -> Bool = { false }) {
        self.style = style
        self.isStopped = isStopped
    }

    /// The policy that shows it.
    var policy: FirstPass.Policy {
        var policy = FirstPass.Policy()
        policy.goesOn = { [self] done, total in
            let display = display.withLock { display in
                let shown = display ?? ProgressDisplay("decoding", total: total, style)
                display = shown
                return shown
            }
            display.update(done)
            return !isStopped()
        }
        return policy
    }

    /// Shows nothing more, and clears the display.
    func finish() {
        display.withLock { $0?.finish() }
    }
}
