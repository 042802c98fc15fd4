import CLinux
import Glibc
import VitrineFormats

/// A loop device. It goes when its descriptor and the mounts of it have gone.
struct LoopDevice: ~Copyable {
    private let descriptor: Int32
    private let number: Int32

    /// The path of the device.
    var path: String { "/dev/loop\(number)" }

    /// Makes a device of `range` of the open `file`, read-only unless it shall be `writable`. `name` is what losetup shows, as far as 63 bytes of it.
    ///
    /// Throws if the system has no loop devices, or has none left.
    init(_ file: Int32, _ range: Range<UInt64>, name: String, isWritable: Bool) throws(MountError) {
        var number: Int32 = -1
        let device = unsafe vitrine_make_loop(
            file, name, range.lowerBound, range.upperBound - range.lowerBound, isWritable ? 1 : 0, &number)
        guard device >= 0 else { throw MountError("no loop device: \(systemMessage(errno))") }
        descriptor = device
        self.number = number
    }

    deinit { close(descriptor) }
}
