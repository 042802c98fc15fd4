package import Logging
import Synchronization

/// A log that keeps its lines, each with its level, and the errors that come with them.
package final class LogLines: LogHandler, Sendable {
    private let lines = Mutex<[String]>([])
    private let causes = Mutex<[(any Error)?]>([])

    package init() {}

    package var all: [String] { lines.withLock { $0 } }

    /// The error of each line. Nil for a line without one.
    package var errors: [(any Error)?] { causes.withLock { $0 } }

    package var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    package var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    package subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    package func log(event: LogEvent) {
        lines.withLock { $0.append("\(event.level): \(event.message)") }
        causes.withLock { $0.append(event.error) }
    }
}
