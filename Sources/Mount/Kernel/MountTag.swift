import Glibc
import VitrineFormats

/// The name by which the kernel shows that something of an image is mounted, and by which process: `vitrine-123-debian.raw.xz`.
struct MountTag: Equatable {
    /// The process that reads the image.
    let process: pid_t

    /// The name of the image, or its start.
    let image: String

    private static let prefix = "vitrine-"

    /// The most bytes of an image's name: the kernel takes 255 for all of it.
    private static let maximumName = 200

    /// The tag of `image`, which this process reads.
    init(image: String) {
        process = getpid()
        var name = String.UnicodeScalarView()
        var count = 0
        for scalar in image.unicodeScalars {
            count += UTF8.width(scalar)
            guard count <= Self.maximumName else { break }
            name.append(["/", "\0"].contains(scalar) ? "_" : scalar)
        }
        self.image = String(name)
    }

    /// Reads the tag in `text`. Nil if it is none.
    init?(_ text: some Sequence<UInt8>) {
        let text = String(decoding: Array(text), as: UTF8.self)
        guard text.hasPrefix(Self.prefix) else { return nil }
        let rest = text.dropFirst(Self.prefix.count)
        guard let hyphen = rest.firstIndex(of: "-"), let process = pid_t(rest[..<hyphen]) else { return nil }
        self.process = process
        image = String(rest[rest.index(after: hyphen)...])
    }

    /// The name.
    var text: String { "\(Self.prefix)\(process)-\(image)" }

    /// The end of the name of a file for `volume`, the one with this `number`: its own name unless that is long, as a name of a file has
    /// at most 255 bytes.
    func suffix(of volume: LogicalVolume, _ number: Int) -> String {
        let isLong = text.utf8.count + volume.mapperName.utf8.count > 240
        return "+" + (isLong ? "\(number)" : volume.mapperName)
    }

    /// True if the process is there, and is a process of this program, and of the user `owner` unless that is nil: numbers are used
    /// again.
    func isServed(owner: uid_t? = nil) -> Bool {
        // PID (NAME) STATE …
        guard let status = try? KernelFile.content(of: "/proc/\(process)/stat"),
            let start = status.firstIndex(of: UInt8(ascii: "(")),
            let end = status.lastIndex(of: UInt8(ascii: ")")),
            status[start...].dropFirst().starts(with: "vitrine".utf8),
            // One that has ended may stay in the table until somebody asks for its status.
            !status[end...].starts(with: ") Z".utf8)
        else { return false }
        guard let owner else { return true }
        var folder = stat()
        return unsafe stat("/proc/\(process)", &folder) == 0 && folder.st_uid == owner
    }
}
