import CLinux
import Glibc
import VitrineFormats

/// The process that started this one.
struct ParentProcess {
    /// Its number when this process began; 0 where it is in another PID namespace.
    let id = getppid()

    /// Whether it is the first of the system, which starts services and takes over processes whose own parent has ended.
    var isFirst: Bool { id == 1 }

    /// Has `body` called when it ends, or sends this process a SIGTERM then.
    ///
    /// A thread waits for that: the signal comes when the thread that started this process ends already. Returns false, with
    /// errno set, where the system has neither.
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
        // It may have ended before it was asked for, and another process may have its number.
        if getppid() != id { body() }
        return true
    }
}
