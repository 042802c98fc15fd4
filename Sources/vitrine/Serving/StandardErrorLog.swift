import Logging
import VitrineFormats

/// Log messages as lines on standard error, with the options that would help.
struct StandardErrorLog: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    init(_ level: Logger.Level) {
        logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let client = metadata["client"].map { "\($0): " } ?? ""
        let advice = (event.error as? ImageError)?.advice ?? ""
        complain("\(event.level): \(client)\(event.message)\(advice)")
    }
}
