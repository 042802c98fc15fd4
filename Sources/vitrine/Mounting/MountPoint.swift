import CLinux
import Glibc
import VitrineFormats

/// The directory that something is mounted at.
///
/// The descriptor is taken once, and what is at the path later does not matter.
final class MountPoint: Sendable {
    private let path: SystemString
    private let held: Monitor<Int32?>

    /// The descriptor of the directory. -1 once it is closed.
    var descriptor: Int32 { held.withLock { $0 ?? -1 } }

    /// Opens the directory at `path`.
    ///
    /// Throws if there is none.
    init(_ path: SystemString) throws(CommandError) {
        let descriptor = unsafe vitrine_open_directory(path.terminated)
        guard descriptor >= 0 else { throw CommandError("\(path): \(systemMessage(errno))") }
        self.path = path
        held = Monitor(descriptor)
    }

    /// Closes the directory: while it is open, what is mounted there is in use.
    func close() {
        held.withLock { descriptor in
            if let open = descriptor { _ = Glibc.close(open) }
            descriptor = nil
        }
    }

    /// Unmounts what is mounted there, as soon as nobody uses it.
    func detach() { _ = unsafe vitrine_detach_mount(path.terminated) }
}
