import CLinux
import Glibc
import VitrineFormats

/// A mount of the kernel that is attached nowhere: only who has its descriptor can look into it, and it goes with that.
///
/// Used by one thread, whose descriptors are its own.
struct DetachedMount: ~Copyable {
    /// A parameter of a file system. Without a value it is a flag.
    typealias Parameter = (key: String, value: String?)

    /// The descriptor of its root.
    let descriptor: Int32

    /// Mounts a file system of `type` with `parameters`, read-only unless it shall be `writable`.
    ///
    /// Throws what the kernel says of it.
    init(_ type: String, _ parameters: [Parameter], isWritable: Bool = false) throws(MountError) {
        let context = unsafe vitrine_open_filesystem(type)
        guard context >= 0 else {
            throw errno == ENODEV
                ? MountError(
                    "the kernel of this system cannot mount \(type)",
                    obstacles: [.driver(type, partition: nil)])
                : MountError("fsopen of \(type): \(systemMessage(errno))")
        }
        defer { close(context) }
        for (key, value) in (isWritable ? [] : [("ro", nil)]) + parameters {
            let status =
                if let value { unsafe vitrine_set_parameter(context, key, value) } else {
                    unsafe vitrine_set_parameter(context, key, nil)
                }
            guard status == 0 else { throw Self.failure("\(type), option \(key)", errno, context) }
        }
        let mount = vitrine_make_mount(context, isWritable ? 1 : 0)
        guard mount >= 0 else { throw Self.failure(type, errno, context) }
        descriptor = mount
    }

    /// Mounts what `server` serves. `name` is what it is shown as.
    init(of server: FUSEServer, _ name: String, isWritable: Bool = false) throws(MountError) {
        try self.init(
            "fuse",
            [
                ("source", name), ("subtype", "vitrine"), ("fd", "\(server.descriptor)"),
                ("rootmode", "40000"), ("user_id", "\(geteuid())"), ("group_id", "\(getegid())"),
                ("max_read", "\(FUSEServer.maximumRead)"),
            ], isWritable: isWritable)
    }

    deinit { close(descriptor) }

    /// The error `code` of mounting `what`, with what the kernel has written to the log of `context`.
    private static func failure(_ what: String, _ code: Int32, _ context: Int32) -> MountError {
        var lines: [String] = []
        var buffer = [UInt8](repeating: 0, count: 1024)
        while lines.count < 8 {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe read(context, $0.baseAddress, $0.count)
            }
            guard count > 0 else { break }
            // A letter for the kind of message and a space come first.
            let text = String(decoding: buffer[..<count].dropFirst(2), as: UTF8.self)
            lines.append(printable(text.filter { $0 != "\n" }))
        }
        let log = lines.isEmpty ? "" : ": " + lines.joined(separator: "; ")
        return MountError("the kernel does not mount it as \(what): \(systemMessage(code))\(log)")
    }

    /// Attaches it to the open `directory`.
    func attach(to directory: Int32) throws(MountError) {
        guard vitrine_attach_mount(descriptor, directory) == 0 else {
            throw MountError("move_mount: \(systemMessage(errno))")
        }
    }
}
