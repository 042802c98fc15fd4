import VitrineFormats

/// The first reason to end, which the main thread waits for while others work.
final class Ending<Reason: Sendable>: Sendable {
    private let reason = Monitor<Reason?>(nil)

    /// Gives a reason; only the first counts.
    func end(_ reason: Reason) {
        self.reason.change { $0 = $0 ?? reason }
    }

    /// Waits for the first reason.
    func wait() -> Reason {
        reason.wait { $0 }
    }
}
