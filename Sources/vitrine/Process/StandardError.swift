import Glibc
import VitrineFormats

/// Lines on standard error. On a terminal the last one may be fleeting: it goes before anything else is written.
enum StandardError {
    /// True if there is a fleeting line.
    private static let hasFleeting = Monitor(false)

    /// The queue of lines, if nobody should wait for their writing.
    private static let queue = Monitor<LineQueue?>(nil)

    private static let clear = "\r\u{1B}[K"

    /// Lets a thread of its own write lines from now on: a server goes on if nobody reads its standard error.
    ///
    /// Returns false if the system has no thread left to give.
    static func writeInBackground() -> Bool {
        let new = LineQueue { put($0 + "\n") }
        queue.withLock { $0 = new }
        return new != nil
    }

    /// Waits for the lines that are written in the background, unless nobody reads them.
    static func drain() {
        queue.withLock { $0 }?.drain()
    }

    static func write(line: String) {
        if let queue = queue.withLock({ $0 }) { return queue.add(line) }
        hasFleeting.withLock { hasFleeting in
            put((hasFleeting ? clear : "") + line + "\n")
            hasFleeting = false
        }
    }

    /// Writes `line` so that the next line written takes its place; for terminals only.
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
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count)
            }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if count < 0, errno == EAGAIN {
                // Another process that has it too has made it non-blocking.
                var event = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&event, 1, -1)
            } else if errno != EINTR {
                // If even this fails, nothing is left to do.
                return
            }
        }
    }
}
