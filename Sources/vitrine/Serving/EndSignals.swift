import Glibc
import VitrineFormats

/// The signals that ask a server to end: SIGTERM, SIGINT, SIGQUIT and SIGHUP.
///
/// They are blocked in every thread started later, and taken by one that waits for them, so that
/// nothing has to be safe in a signal handler.
struct EndSignals {
    /// Blocks the signals; to be called before any thread is started.
    init() {
        var set = Self.set()
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        // A client that has gone away is an error of its connection, not of this process.
        signal(SIGPIPE, SIG_IGN)
    }

    private static func set() -> sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in [SIGTERM, SIGINT, SIGQUIT, SIGHUP] { unsafe sigaddset(&set, signal) }
        return set
    }

    /// Has `body` called with each signal that comes.
    func onSignal(_ body: @escaping @Sendable (Int32) -> Void) {
        let started = Thread.start("vitrine-signals") {
            var set = Self.set()
            var signal: Int32 = 0
            while unsafe sigwait(&set, &signal) == 0 { body(signal) }
        }
        if !started { complain("warning: no thread to wait for signals: end this process with SIGKILL") }
    }
}
