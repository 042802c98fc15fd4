import VitrineFormats

/// What a server waits for while its threads work: the first reason to end.
final class Ending: Sendable {
    enum Reason: Sendable {
        case signal(Int32)
        /// The command of --run ended with this exit status.
        case command(Int32)
        /// The only client left.
        case clientLeft

        var commandStatus: Int32? {
            if case .command(let status) = self { status } else { nil }
        }
    }

    private let reason = Monitor<Reason?>(nil)

    /// Gives a reason; only the first counts.
    func end(_ reason: Reason) {
        self.reason.change { $0 = $0 ?? reason }
    }

    func wait() -> Reason {
        reason.wait { $0 }
    }
}
