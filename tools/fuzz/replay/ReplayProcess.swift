import Foundation
import FuzzTargets
import Glibc
import TestSupport

/// The replay of one target in a process of its own, which may crash.
final class ReplayProcess {
    private let target: FuzzTarget
    private let program: Program

    var isRunning: Bool { program.isRunning }

    init(_ target: FuzzTarget, seconds: Double, seed: UInt64) throws {
        self.target = target
        // What Swift says of a crash is for a log.
        program = try Program(
            ["/proc/self/exe", "\(seconds)", "\(seed)", target.name],
            environment: ["SWIFT_BACKTRACE": "enable=yes,interactive=no,color=no,registers=none,images=none"])
    }

    /// Says what came of it once it has ended. Returns whether that is well.
    func report() throws -> Bool {
        let result = try program.wait()
        let name = target.name.padding(toLength: 12, withPad: " ", startingAt: 0)
        guard result.status != 0 else {
            say(name + result.output)
            return true
        }
        say(result.errors)
        guard result.status > 128 else {
            say("\(name)FAILED\n")
            return false
        }
        let signal = result.status - 128
        let what = signal == SIGALRM ? "more than \(Replay.inputSeconds) s" : "signal \(signal)"
        let replay = Replay(target)
        let place = try replay.currentKept() ?? "what is now in \(replay.currentPath)"
        say("\(name)FAILED: \(what) with \(place)\n")
        return false
    }
}
