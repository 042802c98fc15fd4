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

    /// What is open.
    ///
    /// Throws `io` where the system does not say.
    func status() throws(ImageError) -> stat {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw ImageError(.io, systemMessage(errno)) }
        return status
    }

    /// The name of what is open, in /proc.
    var procName: String { "/proc/self/fd/\(number)" }
}
