import VitrineFormats

/// What the main thread waits for while others work: the first reason to end.
final class Ending<Reason: Sendable>: Sendable {
    private let reason = Monitor<Reason?>(nil)

    /// Gives a reason; only the first counts.
    func end(_ reason: Reason) {
        self.reason.change { $0 = $0 ?? reason }
    }

    /// The first reason, once there is one.
    func wait() -> Reason {
        reason.wait { $0 }
    }
}
