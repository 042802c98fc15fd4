import Glibc
import VitrineFormats

/// Serves files to nbd devices of the kernel: each device has a connection of its own.
final class NBDServer: Sendable {
    private let workers: Workers
    /// The thread whose descriptors the connections are.
    private let errands: Errands
    private let connections = Monitor<[NBDConnection]>([])

    /// A server without devices. `errands` are run by a thread that shares its descriptors with those that answer.
    init(_ workers: Workers, _ errands: Errands) {
        self.workers = workers
        self.errands = errands
    }

    /// Makes a device of `range` of `file`, and returns its number. Its backend is the name of the file.
    ///
    /// Throws if the system has no nbd devices.
    func connect(_ file: FUSEFolder.File, _ range: Range<UInt64>) throws(MountError) -> UInt32 {
        let number: Result<UInt32, MountError> = errands.run { [self] in
            do throws(MountError) { return .success(try connectHere(file, range)) } catch {
                return .failure(error)
            }
        }
        return try number.get()
    }

    private func connectHere(_ file: FUSEFolder.File, _ range: Range<UInt64>) throws(MountError) -> UInt32 {
        let control = try NBDControl()
        var ends: [Int32] = [-1, -1]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0
        else {
            throw MountError("no nbd device: \(systemMessage(errno))")
        }
        // The kernel has its own hold on it.
        defer { close(ends[1]) }
        let connection: NBDConnection
        do throws(ImageError) {
            connection = try NBDConnection(ends[0], file, range, workers)
        } catch {
            throw MountError("\(error)")
        }
        let number = try control.connect(
            ends[1], size: connection.size, isWritable: file.overlay != nil, name: file.name)
        connections.withLock { $0.append(connection) }
        return number
    }

    /// Waits until no device is left.
    func waitForEnd() throws(MountError) {
        for connection in connections.withLock({ $0 }) {
            do throws(ImageError) { try connection.wait() } catch {
                throw MountError("the connection to the kernel: \(error)")
            }
        }
    }
}
