import CLinux
import Glibc
import Synchronization
import VitrineFormats

/// The text printed on standard output.
enum StandardOutput {
    /// Writes the rest of it. If any of it could not be written, the process ends with an error instead of success: whoever reads the
    /// output must not take a part of it for all. Must be called when the process is about to end.
    static func end() {
        flush()
        let error = firstError.withLock { $0 }
        guard error != 0 else { return }
        complain("standard output: \(systemMessage(error))")
        // A server has its lines written by a thread, which ends here.
        StandardError.drain()
        _exit(1)
    }

    /// Writes the rest of it at once. If this fails, `end` says so.
    static func flush() {
        let error = vitrine_flush_output()
        // The first error says why; later the C library says only that there was one.
        if error != 0 { firstError.withLock { if $0 == 0 { $0 = error } } }
    }

    /// Prints `bytes` as they are.
    static func write(_ bytes: [UInt8]) {
        // What fails is remembered, and `end` says so.
        _ = unsafe vitrine_write_output(bytes, bytes.count)
    }

    private static let firstError = Mutex<Int32>(0)
}
