import Glibc
import VitrineFormats

/// A file open for writing, and its name for messages; closed when it is let go of.
final class WritableFile: Sendable {
    let name: String
    let descriptor: Int32

    /// Takes over `descriptor`.
    init(_ name: String, _ descriptor: Int32) {
        self.name = name
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Standard output. Throws if it is closed.
    static func standardOutput() throws(CommandError) -> WritableFile {
        let descriptor = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
        guard descriptor >= 0 else { throw CommandError("standard output: \(systemMessage(errno))") }
        return WritableFile("standard output", descriptor)
    }

    /// Writes the part of `bytes` at the indices `range` to `offset`; in sequence if that is nil.
    ///
    /// Throws with the system's words if that fails.
    func write(_ bytes: [UInt8], _ range: Range<Int>, at offset: UInt64?) throws(CommandError) {
        var done = range.lowerBound
        while done < range.upperBound {
            let rest = done..<range.upperBound
            let count = unsafe bytes.withUnsafeBufferPointer { bytes in
                // `extracting` checks that the range lies inside.
                let source = bytes.extracting(rest)
                guard let offset else {
                    return unsafe Glibc.write(descriptor, source.baseAddress, source.count)
                }
                let place = off_t(offset) + off_t(done - range.lowerBound)
                return unsafe pwrite(descriptor, source.baseAddress, source.count, place)
            }
            if count > 0 {
                done += count
            } else if count < 0, errno == EAGAIN {
                waitUntilWritable()
            } else if count == 0 || errno != EINTR {
                let place = offset.map { " at \($0 + UInt64(done - range.lowerBound))" } ?? ""
                let reason = systemMessage(count == 0 ? ENOSPC : errno)
                throw CommandError("\(name): write of \(rest.count) bytes\(place): \(reason)")
            }
        }
    }

    /// Waits for room, if whoever gave us the file made its writes return early (O_NONBLOCK).
    private func waitUntilWritable() {
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe Glibc.poll(&poll, 1, -1)
    }

    /// Waits until everything is on the disk, and not just on its way there.
    ///
    /// Throws if some of it cannot be.
    func sync() throws(CommandError) {
        guard fsync(descriptor) == 0 else { throw failure() }
    }

    /// The error with the system's last message.
    func failure() -> CommandError { CommandError("\(name): \(systemMessage(errno))") }
}
