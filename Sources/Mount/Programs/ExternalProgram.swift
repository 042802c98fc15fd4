import CLinux
import Glibc
import VitrineFormats

/// A program of the system that does a step of a mount. For one thread.
final class ExternalProgram {
    let process: pid_t
    /// The end of a pipe that gives what it writes.
    private let output: Int32
    private var written: [UInt8] = []
    /// True when the pipe is closed: it has ended, or goes on in the background.
    private var hasEnded = false

    /// The most of what it writes that is kept, in bytes.
    private static let maximumOutput = 4096

    /// The descriptor as which it gets the file that is passed to it.
    static let passedDescriptor: Int32 = 3

    /// Starts the program `arguments[0]`, which is in the Debian package `package`, with `arguments`, with the variable `NAME=value`
    /// if it is not nil, and with the open file `passed` if that is not nil. If it `endsWithThread`, it is killed when this thread ends.
    ///
    /// Throws if it is missing, and what the system says of it.
    init(
        _ arguments: [SystemString], in package: String, variable: String? = nil,
        passing passed: Int32? = nil,
        endsWithThread: Bool = false
    ) throws(MountError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe vitrine_make_pipe(&ends) == 0 else { throw MountError(systemMessage(errno)) }
        var process: pid_t = 0
        let bound: Int32 = endsWithThread ? 1 : 0
        let status = unsafe arguments.withArguments { arguments in
            if let variable {
                unsafe vitrine_spawn_program(arguments, variable, passed ?? -1, ends[1], bound, &process)
            } else {
                unsafe vitrine_spawn_program(arguments, nil, passed ?? -1, ends[1], bound, &process)
            }
        }
        close(ends[1])
        guard status == 0 else {
            close(ends[0])
            let name = arguments.first?.description ?? ""
            throw MountError(
                status == ENOENT
                    ? "there is no \(name), which is in the Debian package \(package)"
                    : "\(name): \(systemMessage(status))")
        }
        self.process = process
        output = ends[0]
    }

    deinit { close(output) }

    /// Waits until it has ended, or goes on in the background. Returns its exit status, and what it wrote.
    func wait() -> (status: Int32, lines: [String]) {
        while !hasEnded { readOutput() }
        let lines = written.split(separator: UInt8(ascii: "\n")).map { printable(Array($0)) }
        return (waitForExit(of: process), lines)
    }

    /// Waits until `isReady`, or until it has ended. Returns true if it is ready.
    func wait(until isReady: () throws(MountError) -> Bool) throws(MountError) -> Bool {
        while !hasEnded {
            if try isReady() { return true }
            var event = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            // In milliseconds.
            if unsafe poll(&event, 1, 2) > 0 { readOutput() }
        }
        return false
    }

    /// Waits for what it writes next.
    private func readOutput() {
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(output, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { return }
        guard count > 0 else { return hasEnded = true }
        written += buffer[..<min(count, Self.maximumOutput - written.count)]
    }
}
