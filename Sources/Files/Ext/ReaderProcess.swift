import CExtReader
import Glibc
package import VitrineFormats

/// This program, started once more to read a file system: see Sources/CExtReader. It ends with this.
package final class ReaderProcess: ReaderChannel {
    /// The argument with which the program calls `serve`, before it does anything else.
    package static let argument = "read-ext"

    private let socket: Int32
    private let process: pid_t
    /// The reason that it has ended. Nil while it runs.
    private var end: ImageError?

    package var isLost: Bool { end != nil }

    /// The longest time, in seconds, that it may compute without a word. It ends itself after a minute of it.
    private static let patience = 120

    /// Starts `program`: this one, unless it is a test.
    ///
    /// Throws `io` if the system does not let it.
    package init(_ program: String = "/proc/self/exe") throws(ImageError) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw ImageError(.io, "socketpair: \(systemMessage(errno))")
        }
        var process: pid_t = 0
        let status = unsafe vitrine_start_reader(program, Self.argument, ends[1], &process)
        close(ends[1])
        guard status == 0 else {
            close(ends[0])
            throw ImageError(.io, "cannot start this program again: \(systemMessage(status))")
        }
        socket = ends[0]
        self.process = process
        var time = timeval(tv_sec: Self.patience, tv_usec: 0)
        unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(socket)
        if end == nil { _ = stop() }
    }

    /// Answers the process that started this one. Does not return.
    package static func serve() -> Never { vitrine_read_ext() }

    package func send(_ bytes: [UInt8]) throws(ImageError) {
        if let end { throw end }
        guard StreamSocket(socket).send(bytes) else { throw lost() }
    }

    package func receive(_ count: Int) throws(ImageError) -> [UInt8] {
        if let end { throw end }
        guard let bytes = StreamSocket(socket).receive(count) else { throw lost() }
        return bytes
    }

    /// Notes that it has ended, or ends it, and returns the reason.
    private func lost() -> ImageError {
        let signal = stop()
        let how: String =
            switch signal {
            case SIGPROF: "its reader computed for a minute without an end"
            case 0, SIGKILL: "its reader ended"
            default: "signal \(signal) ended its reader"
            }
        let error = ImageError(.corrupt, "the file system is damaged so badly that \(how)")
        end = error
        return error
    }

    /// Ends it, and returns the signal that did. 0 if it had ended by itself.
    private func stop() -> Int32 {
        var code: Int32 = 0
        // A moment for a signal that is on its way: it says more than SIGKILL.
        var left = 20
        while unsafe waitpid(process, &code, WNOHANG) == 0 {
            if left == 0 { kill(process, SIGKILL) }
            left -= 1
            usleep(5000)
        }
        return code & 0x7F
    }
}
