package import Glibc
package import VitrineFormats

/// The mounts of images that there are, as the kernel shows them. No file keeps a list.
package struct ImageMountList: Sendable {
    /// A mounted image.
    package struct Mount: Equatable, Sendable {
        /// The directory it is mounted at. Nil if it is mounted nowhere that this process sees, but still in use.
        package let directory: SystemString?

        /// The name of the image, or its first 100 characters.
        package let image: String

        /// The type of the file system. Nil if the directory is.
        package let type: String?

        /// The process that reads the image.
        package let process: pid_t

        /// True if that process is there. If not, every read fails.
        package let isServed: Bool

        /// The path of the loop device.
        package let device: String
    }

    /// All mounts, in the order of their loop devices.
    package let mounts: [Mount]

    /// The mounts that there are now.
    ///
    /// Throws if the system does not tell.
    package init() throws(MountError) {
        let lines = try Self.content(of: "/proc/self/mountinfo").split(separator: UInt8(ascii: "\n"))
        let table = lines.compactMap { MountInfo($0) }
        var mounts: [Mount] = []
        // The kernel makes loop devices as they are needed, and numbers them from 0.
        for number in 0..<Self.maximumDevices {
            let folder = "/sys/block/loop\(number)"
            guard let file = try? Self.content(of: folder + "/loop/backing_file"),
                let (process, image) = Self.owner(file),
                let device = try? Self.content(of: folder + "/dev")
            else { continue }
            let numbers = String(decoding: device.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            let places = table.filter { $0.device == numbers }
            // btrfs has device numbers of its own, so its mounts are not found by them.
            for place in places.isEmpty ? [nil] : places.map(Optional.some) {
                mounts.append(
                    Mount(
                        directory: place.map { SystemString(bytes: $0.directory) }, image: image,
                        type: place?.type,
                        process: process, isServed: Self.isServer(process), device: "/dev/loop\(number)"))
            }
        }
        self.mounts = mounts
    }

    /// The loop devices that are looked at. There are seldom more than a few.
    private static let maximumDevices = 4096

    /// The process and the image in the name of a file under a loop device, if it is that of a mounted image.
    static func owner(_ file: [UInt8]) -> (process: pid_t, image: String)? {
        let text = String(decoding: file.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        guard text.hasPrefix(prefix) else { return nil }
        let rest = text.dropFirst(prefix.count)
        guard let hyphen = rest.firstIndex(of: "-"), let process = pid_t(rest[..<hyphen]) else { return nil }
        return (process, String(rest[rest.index(after: hyphen)...]))
    }

    private static let prefix = "/vitrine-"

    /// True if `process` is there, and is a process of this program: numbers are used again.
    private static func isServer(_ process: pid_t) -> Bool {
        guard let name = try? content(of: "/proc/\(process)/comm") else { return false }
        return name.starts(with: "vitrine".utf8)
    }

    private static func content(of path: String) throws(MountError) -> [UInt8] {
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
