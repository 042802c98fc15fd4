import Glibc
import VitrineFormats

/// Lines on standard error. On a terminal the last one may be fleeting: it goes before anything
/// else is written.
enum StandardError {
    /// Whether there is a fleeting line.
    private static let hasFleeting = Monitor(false)

    private static let clear = "\r\u{1B}[K"

    /// Writes `line`.
    static func write(line: String) {
        hasFleeting.withLock { hasFleeting in
            put((hasFleeting ? clear : "") + line + "\n")
            hasFleeting = false
        }
    }

    /// Writes `line` so that the next thing written takes its place; for terminals only.
    static func showFleeting(_ line: String) {
        hasFleeting.withLock { hasFleeting in
            put(clear + line)
            hasFleeting = true
        }
    }

    /// Clears a fleeting line, if there is one.
    static func clearFleeting() {
        hasFleeting.withLock { hasFleeting in
            if hasFleeting { put(clear) }
            hasFleeting = false
        }
    }

    private static func put(_ text: String) {
        let bytes = Array(text.utf8)
        // Nothing is left to do where even this fails.
        _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
