import Logging
import VitrineFormats

/// A thread that checks now and then if the files of an image are written to, and says so once of each.
final class ChangeWatch: Sendable {
    private let isEnding = Monitor(false)

    /// The time between two checks, in nanoseconds.
    private static let interval: UInt64 = 2_000_000_000

    /// Starts to watch the files of `image`.
    init(_ image: Image, _ logger: Logger) {
        // Without the thread, clients are served nevertheless.
        _ = Thread.start("vitrine-watch") { [isEnding] in
            var files = image.file.all
            isEnding.wait(every: { _ in Self.interval }) { isEnding in
                files.removeAll { file in
                    guard let change = file.change else { return false }
                    logger.warning("\(change)")
                    return true
                }
                return isEnding || files.isEmpty ? () : nil
            }
        }
    }

    /// Makes the thread end.
    func stop() { isEnding.change { $0 = true } }
}
