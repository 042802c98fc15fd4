import CLinux
import Glibc
import VitrineFormats

/// A process that goes on in the background once what it was started for is there.
///
/// It writes what is to be shown, then a zero byte when it is ready. A process that has threads cannot fork, so it is this program
/// started once more.
enum BackgroundProcess {
    /// Starts this program with `arguments`, and with `option` behind the command, which is the first of them. Shows its standard
    /// output until it is ready or ends.
    ///
    /// Returns 0 if it is ready, else the exit status it ended with.
    static func run(_ arguments: [String], with option: String) throws(CommandError) -> Int32 {
        var arguments = arguments
        // Behind the other arguments, it might be taken for one of these.
        arguments.insert(option, at: min(1, arguments.count))
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw CommandError(systemMessage(errno)) }
        defer { close(ends[0]) }
        var process: pid_t = 0
        let status = spawn(arguments, output: ends[1], &process)
        close(ends[1])
        guard status == 0 else {
            throw CommandError("cannot start this program again: \(systemMessage(status))")
        }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while output.last != 0 {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe read(ends[0], $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            output += buffer[..<count]
        }
        let isReady = output.last == 0
        print(String(decoding: isReady ? output.dropLast() : output[...], as: UTF8.self), terminator: "")
        StandardOutput.flush()
        return isReady ? 0 : waitForExit(of: process)
    }

    private static func spawn(
        _ arguments: [String], output: Int32, _ process: inout pid_t
    ) -> Int32 {
        unsafe (["vitrine"] + arguments.map { SystemString(argument: $0) }).withArguments {
            unsafe vitrine_spawn_self($0, output, &process)
        }
    }

    /// Tells the process that started this one that it is ready, and holds nothing of its any more.
    static func tellReady() {
        var zero: UInt8 = 0
        _ = unsafe write(STDOUT_FILENO, &zero, 1)
        let null = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { return }
        dup2(null, STDOUT_FILENO)
        dup2(null, STDERR_FILENO)
        close(null)
    }
}
