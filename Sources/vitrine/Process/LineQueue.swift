import DequeModule
import Glibc
import VitrineFormats

/// Lines that a thread of its own writes, so that nobody waits for whoever should read them.
///
/// If more come than are read, those that find no room are left out, and their number is written in their place.
final class LineQueue: Sendable {
    private struct State {
        var lines: Deque<String> = []
        /// The bytes of all lines that are kept.
        var held = 0
        /// The number of lines left out since the last one that was kept.
        var omitted = 0
        /// The number of lines that have been written.
        var written = 0
        var isWriting = false

        var isDone: Bool { lines.isEmpty && omitted == 0 && !isWriting }

        /// The next line to be written, if there is one.
        mutating func next() -> String? {
            isWriting = false
            if let line = lines.popFirst() {
                held -= line.utf8.count
                isWriting = true
                return line
            }
            guard omitted > 0 else { return nil }
            defer { omitted = 0 }
            isWriting = true
            return
                "vitrine: \(omitted) lines are missing here, because nobody read the lines before them in time"
        }
    }

    /// The most bytes that the lines waiting to be written may take.
    private static let capacity = 256 << 10

    private let state = Monitor(State())

    /// Starts the thread, which calls `write` with each line. Nil if the system has no thread left to give.
    init?(write: @escaping @Sendable (String) -> Void) {
        let isStarted = Thread.start("vitrine-log") { [state] in
            while true {
                write(state.wait { $0.next() })
                state.withLock { $0.written += 1 }
            }
        }
        guard isStarted else { return nil }
    }

    /// Queues `line`, which is written soon, or leaves it out.
    func add(_ line: String) {
        state.change { state in
            // After the first line that was left out, none is taken until the lines before it are written.
            guard state.omitted == 0, line.utf8.count <= Self.capacity - state.held else {
                state.omitted += 1
                return
            }
            state.lines.append(line)
            state.held += line.utf8.count
        }
    }

    /// Waits until all is written, but no longer than half a second in which nothing is.
    func drain() {
        var (before, idle) = (-1, 0)
        while idle < 100 {
            let (isDone, written) = state.withLock { ($0.isDone, $0.written) }
            if isDone { return }
            idle = written == before ? idle + 1 : 0
            before = written
            usleep(5000)
        }
    }
}
