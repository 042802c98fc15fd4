import CLinux
import Glibc
import VitrineFormats

/// The process that started this one.
struct ParentProcess {
    /// The number it had when this process began; 0 if it is in another PID namespace.
    let id = getppid()

    /// True if it is the first process of the system, which starts services and takes over processes whose own parent has ended.
    var isFirst: Bool { id == 1 }

    /// Calls `body` when the parent ends, or lets the system send this process a SIGTERM then.
    ///
    /// A thread waits for that, because the signal comes already when the thread that started this process ends. Returns false, with
    /// errno set, if the system has neither.
    func onExit(_ body: @escaping @Sendable () -> Void) -> Bool {
        let process = vitrine_open_process(id)
        if process >= 0 {
            let isStarted = Thread.start("vitrine-parent") {
                var event = pollfd(fd: process, events: Int16(POLLIN), revents: 0)
                while unsafe poll(&event, 1, -1) < 0, errno == EINTR {}
                body()
            }
            if !isStarted { close(process) }
            guard isStarted || vitrine_signal_on_parent_exit(SIGTERM) == 0 else { return false }
        } else {
            guard vitrine_signal_on_parent_exit(SIGTERM) == 0 else { return false }
        }
        // The parent may have ended before this call, and another process may have its number.
        if getppid() != id { body() }
        return true
    }
}
