import CLinux
import Glibc
import VitrineFormats
import VitrineServer

/// The running command of --run.
final class ShellCommand: Sendable {
    private let process: pid_t
    private let status = Monitor<Int32?>(nil)

    /// Starts `command` in a shell whose environment also has `variables`.
    init(_ command: SystemString, _ variables: [String: SystemString]) throws(ServerError) {
        for (name, value) in variables { unsafe setenv(name, value.terminated, 1) }
        var process: pid_t = 0
        let error = unsafe vitrine_spawn_shell(command.terminated, &process)
        guard error == 0 else { throw ServerError("--run: \(systemMessage(error))") }
        self.process = process
    }

    /// Calls `body` with the command's exit status when it ends.
    func onExit(_ body: @escaping @Sendable (Int32) -> Void) {
        let started = Thread.start("vitrine-run") { [self] in
            let result = waitForExit(of: process)
            status.change { $0 = result }
            body(result)
        }
        if !started { body(1) }
    }

    /// Asks the command to end, and waits for it. Returns its exit status.
    func stop() -> Int32 {
        kill(process, SIGTERM)
        return status.wait { $0 }
    }
}
