import CLinux
import Glibc
import VitrineFormats

/// The signals that ask a process to end: SIGTERM, SIGINT, SIGQUIT and SIGHUP.
///
/// They are blocked in every thread started later. One of these threads waits for them, so that nothing must be safe in a signal
/// handler. Signals that are ignored stay so: a program that nohup started goes on when its terminal goes.
struct EndSignals {
    private let signals = [SIGTERM, SIGINT, SIGQUIT, SIGHUP].filter { vitrine_is_ignored($0) == 0 }

    /// Blocks the signals. Must be called before any thread is started.
    init() {
        var set = Self.set(signals)
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        // If whoever reads the output goes away, the write fails, but this process must not end.
        signal(SIGPIPE, SIG_IGN)
        // The same holds for a file that may not get larger (ulimit -f): a seek index, perhaps.
        signal(SIGXFSZ, SIG_IGN)
    }

    private static func set(_ signals: [Int32]) -> sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal) }
        return set
    }

    /// Calls `body` with each signal that comes.
    func onSignal(_ body: @escaping @Sendable (Int32) -> Void) {
        let started = Thread.start("vitrine-signals") { [signals] in
            var set = Self.set(signals)
            var signal: Int32 = 0
            while unsafe sigwait(&set, &signal) == 0 { body(signal) }
        }
        if !started {
            complain(
                "warning: the system gave no thread to wait for signals, so only SIGKILL ends this process")
        }
    }
}

extension EndSignals {
    /// The exit status, as in shells, of a process that `signal` has ended.
    static func exitStatus(_ signal: Int32) -> Int32 { 128 + signal }
}
