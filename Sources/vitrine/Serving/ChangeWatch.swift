import Logging
import VitrineFormats

/// A thread that looks now and then whether the files of an image are written to, and says so once of each.
final class ChangeWatch: Sendable {
    private let isEnding = Monitor(false)

    /// In nanoseconds.
    private static let interval: UInt64 = 2_000_000_000

    /// Starts to look after the files of `image`.
    init(_ image: Image, _ logger: Logger) {
        // Without it, clients are served all the same.
        _ = Thread.start("vitrine-watch") { [isEnding] in
            var files = image.openedFiles
            isEnding.wait(every: Self.interval) { isEnding in
                files.removeAll { file in
                    guard let change = file.change else { return false }
                    logger.warning("\(change)")
                    return true
                }
                return isEnding || files.isEmpty ? () : nil
            }
        }
    }

    /// Has it end.
    func stop() { isEnding.change { $0 = true } }
}
