import Logging
import Synchronization

/// A log that keeps its lines, each with its level, and the errors that come with them.
final class LogLines: LogHandler, Sendable {
    private let lines = Mutex<[String]>([])
    private let causes = Mutex<[(any Error)?]>([])

    var all: [String] { lines.withLock { $0 } }

    /// The error of each line. Nil for a line without one.
    var errors: [(any Error)?] { causes.withLock { $0 } }

    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        lines.withLock { $0.append("\(event.level): \(event.message)") }
        causes.withLock { $0.append(event.error) }
    }
}
