import CLinux
import Glibc
import VitrineFormats

extension BlockDevice {
    /// Makes a loop device of `range` of the open `file`, read-only unless it shall be `writable`. `name` is what losetup shows, as far
    /// as 63 bytes of it.
    ///
    /// Throws if the system has no loop devices, or has none left.
    init(
        loopOver file: Int32, _ range: Range<UInt64>, name: String, isWritable: Bool
    ) throws(MountError) {
        var number: Int32 = -1
        let device = unsafe vitrine_make_loop(
            file, name, range.lowerBound, range.upperBound - range.lowerBound, isWritable ? 1 : 0, &number)
        guard device >= 0 else { throw MountError("no loop device: \(systemMessage(errno))") }
        self.init(path: "/dev/loop\(number)", descriptor: device)
    }
}
