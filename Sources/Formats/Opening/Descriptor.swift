import Glibc

/// A file descriptor, closed when it is let go of.
final class Descriptor: Sendable {
    let number: Int32

    /// Takes over `number`.
    init(_ number: Int32) {
        self.number = number
    }

    deinit {
        close(number)
    }

    /// The status of what is open.
    ///
    /// Throws `io` if the system does not give it.
    func status() throws(ImageError) -> stat {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw ImageError(.io, systemMessage(errno)) }
        return status
    }

    /// The path in /proc of what is open.
    var procName: String { "/proc/self/fd/\(number)" }
}
