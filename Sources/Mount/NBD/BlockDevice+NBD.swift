import Glibc
import VitrineFormats

extension BlockDevice {
    /// The number of times that a device is made. One is enough, unless other programs look at it before it is held.
    private static let attempts = 16

    /// Lets `server` make an nbd device of `range` of `file`.
    ///
    /// Throws if the system has no nbd devices.
    init(
        _ server: NBDServer, of file: FUSEFolder.File, _ range: Range<UInt64>
    ) throws(MountError) {
        for _ in 0..<Self.attempts {
            let number = try server.connect(file, range)
            let path = "/dev/nbd\(number)"
            let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                let code = errno
                NBDControl.disconnect(number)
                throw MountError("\(path): \(systemMessage(code))")
            }
            // It is disconnected when its last user closes it, and that may have been udev, before it was open here.
            let backend = try? KernelFile.content(of: "/sys/block/nbd\(number)/backend")
            if backend == Array((file.name + "\n").utf8) {
                self.init(path: path, descriptor: descriptor)
                return
            }
            close(descriptor)
        }
        throw MountError("another program disconnects every nbd device as soon as it is there")
    }
}
