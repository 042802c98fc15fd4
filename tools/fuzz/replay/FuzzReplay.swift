import Foundation
import FuzzTargets
import Glibc

/// Gives the fuzz targets the inputs that are kept of each, and inputs made of these: what CI does of fuzzing.
///
///     FuzzReplay [SECONDS [SEED [TARGET]]]
///
/// Makes up inputs for SECONDS for each target, 3 if not given, beginning with SEED. Each target is run in a process of its own,
/// so that the others go on where one crashes; TARGET, if given, is run in this one.
@main
struct FuzzReplay {
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count <= 3,
            let seconds = arguments.isEmpty ? 3 : Double(arguments[0]),
            let seed = arguments.count < 2 ? 1 : UInt64(arguments[1])
        else {
            refuse("usage: FuzzReplay [SECONDS [SEED [TARGET]]]")
        }
        do {
            if arguments.count == 3 {
                try replay(arguments[2], seconds, seed)
            } else {
                try replayAll(seconds, seed)
            }
        } catch {
            refuse("\(error)")
        }
    }

    private static func replay(_ name: String, _ seconds: Double, _ seed: UInt64) throws {
        guard let target = FuzzTarget.named(name) else { refuse("there is no target \"\(name)\"") }
        print(try Replay(target).run(seconds: seconds, seed: seed))
    }

    private static func replayAll(_ seconds: Double, _ seed: UInt64) throws {
        say("seed \(seed), \(seconds) s of new inputs for each target\n")
        var waiting = FuzzTarget.all[...]
        var running: [ReplayProcess] = []
        var isWell = true
        let processors = ProcessInfo.processInfo.activeProcessorCount
        while !waiting.isEmpty || !running.isEmpty {
            while running.count < processors, let next = waiting.popFirst() {
                running.append(try ReplayProcess(next, seconds: seconds, seed: seed))
            }
            usleep(20_000)
            let ended = running.filter { !$0.isRunning }
            running.removeAll { process in ended.contains { $0 === process } }
            for process in ended { isWell = try process.report() && isWell }
        }
        exit(isWell ? 0 : 1)
    }

    private static func refuse(_ why: String) -> Never {
        FileHandle.standardError.write(Data("\(why)\n".utf8))
        exit(2)
    }
}
