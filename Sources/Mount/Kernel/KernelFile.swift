import Glibc
import VitrineFormats

/// The files that the kernel shows, such as those of /proc and /sys, whose sizes are not known beforehand.
enum KernelFile {
    /// All of the file at `path`.
    static func content(of path: String) throws(MountError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw MountError("\(path): \(systemMessage(errno))") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe read(descriptor, $0.baseAddress, $0.count)
            }
            guard count >= 0 else { throw MountError("\(path): \(systemMessage(errno))") }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}
