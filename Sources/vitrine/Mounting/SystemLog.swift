import CLinux
import Glibc
import Logging
import VitrineFormats

/// Log messages for the system's log (syslog(3)), of a process in the background.
struct SystemLog: LogHandler {
    var logLevel: Logger.Level = .warning
    var metadata: Logger.Metadata = [:]

    /// The name of the image, which each message begins with.
    let image: String

    init(image: String) {
        self.image = image
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let advice = (event.error as? ImageError)?.advice ?? ""
        unsafe vitrine_log(
            event.level >= .error ? LOG_ERR : LOG_WARNING, "\(image): \(event.message)\(advice)")
    }
}
