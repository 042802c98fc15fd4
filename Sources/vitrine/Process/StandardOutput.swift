import CLinux
import Glibc
import Synchronization
import VitrineFormats

/// What is printed on standard output.
enum StandardOutput {
    /// Writes what is left of it. Where any of it could not be written, the process ends with an error in place of success: whoever reads
    /// the output must not take a part of it for all. To be called when the process is about to end.
    static func end() {
        flush()
        let error = firstError.withLock { $0 }
        guard error != 0 else { return }
        complain("standard output: \(systemMessage(error))")
        // A server has its lines written by a thread, which ends here.
        StandardError.drain()
        _exit(1)
    }

    /// Writes what is left of it at once; that this fails is said at the end.
    static func flush() {
        let error = vitrine_flush_output()
        // The first says why, the C library later just that there was one.
        if error != 0 { firstError.withLock { if $0 == 0 { $0 = error } } }
    }

    private static let firstError = Mutex<Int32>(0)
}
