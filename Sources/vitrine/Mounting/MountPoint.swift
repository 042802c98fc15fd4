import CLinux
import Glibc
import VitrineFormats
import VitrineMount

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
        guard descriptor >= 0 else {
            let hint =
                errno == ENOTCONN
                ? ": the program that showed files there has ended; vitrine umount makes it free again" : ""
            throw CommandError("\(path): \(systemMessage(errno))\(hint)")
        }
        self.path = path
        held = Monitor(descriptor)
    }

    /// The path from the root on, without links, dots and doubled slashes, as the kernel lists it.
    ///
    /// Throws if there is nothing at `path`. The error names `given`, if `path` is made of that.
    static func resolved(
        _ path: SystemString, from given: SystemString? = nil
    ) throws(CommandError) -> SystemString {
        guard let real = unsafe realpath(path.terminated, nil) else {
            throw CommandError("\(given ?? path): \(systemMessage(errno))")
        }
        defer { unsafe free(real) }
        return unsafe SystemString(cString: real)
    }

    /// The path from the root on, without links, dots and doubled slashes, as the kernel lists it. The last component is not looked
    /// at, because it may hang.
    ///
    /// Throws if the directory above it cannot be found.
    static func absolute(_ path: SystemString) throws(CommandError) -> SystemString {
        var bytes = path.bytes[...]
        while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes = bytes.dropLast() }
        let whole = SystemString(bytes: bytes)
        let (above, name) = whole.splitAtLastSlash
        let isPlain = !["", ".", ".."].contains(name)
        // Of "..", the whole must be resolved.
        let folder: SystemString = isPlain ? (above == "" ? "." : above) : whole
        var result = try resolved(folder, from: path).bytes
        guard isPlain else { return SystemString(bytes: result) }
        if result.last != UInt8(ascii: "/") { result.append(UInt8(ascii: "/")) }
        return SystemString(bytes: result + name.bytes)
    }

    /// True if something is in the directory, which is hidden as long as something is mounted there. False too if it cannot be read.
    var holdsSomething: Bool {
        guard let stream = unsafe opendir(path.terminated) else { return false }
        defer { unsafe closedir(stream) }
        // The first two are the directory itself and the one above it.
        for _ in 0..<3 {
            if unsafe readdir(stream) == nil { return false }
        }
        return true
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
