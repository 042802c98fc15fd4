import ArgumentParser
import VitrineFormats

/// The files that could not be read or written, while a command went on with others. Thread-safe.
final class FileProblems: Sendable {
    private let count = Monitor(0)

    /// Says that `error` came of the file at `path`.
    func report(_ path: SystemString, _ error: any Error) {
        count.withLock { $0 += 1 }
        complain("\(path): \(words(error))")
    }

    /// Runs `body`, which is about the file at `path`, and reports its error.
    func reporting(_ path: SystemString, _ body: () throws -> Void) {
        do { try body() } catch { report(path, error) }
    }

    /// Ends the command with exit status 1 if there were any.
    func end() throws {
        if count.withLock({ $0 }) > 0 { throw ExitCode(1) }
    }
}
