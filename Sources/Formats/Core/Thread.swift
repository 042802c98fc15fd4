import CLinux
import Glibc

/// A thread of the operating system, detached: it ends with its body.
package enum Thread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// The reason that `start` failed, for people.
    package static let shortage =
        "the system refused to start a thread: the limits are ulimit -u, ulimit -v, and the pids.max of the "
        + "control group (TasksMax= of systemd)"

    /// Starts a thread called `name` (15 characters at most) that runs `body`.
    ///
    /// Returns false if the system has no thread left to give.
    package static func start(_ name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
        let box = Body {
            unsafe vitrine_name_thread(name)
            body()
        }
        // The new thread takes over the reference that is retained here.
        let argument = unsafe Unmanaged.passRetained(box)
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread, nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, argument.toOpaque())
        guard status == 0 else {
            unsafe argument.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}
