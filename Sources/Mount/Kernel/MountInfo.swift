import Glibc
import VitrineFormats

/// A line of /proc/self/mountinfo (proc(5)): something that is mounted.
struct MountInfo: Equatable {
    /// The major and minor number of the device, as in `7:0`.
    let device: String

    /// The directory it is mounted at.
    let directory: [UInt8]

    /// The type of the file system.
    let type: String

    /// The device that it lies on, by the name it was mounted with. What else may stand there depends on the type.
    let source: [UInt8]

    /// The user whose process serves it. Nil if none does.
    let user: uid_t?

    /// Reads a line. Nil if it is not in the form that the manual describes.
    init?(_ line: some Sequence<UInt8>) {
        let words = Array(line).split(separator: UInt8(ascii: " ")).map(Array.init)
        // Fields of any number stand in front of the hyphen.
        guard words.count > 6,
            let hyphen = words.indices.dropFirst(6).first(where: { words[$0] == [UInt8(ascii: "-")] }),
            hyphen + 2 < words.count
        else { return nil }
        device = String(decoding: words[2], as: UTF8.self)
        directory = Self.unescaped(words[4])
        type = String(decoding: words[hyphen + 1], as: UTF8.self)
        source = Self.unescaped(words[hyphen + 2])
        let options = words.dropFirst(hyphen + 3).first.map { String(decoding: $0, as: UTF8.self) } ?? ""
        user =
            options.split(separator: ",").lazy.compactMap { option in
                option.hasPrefix("user_id=") ? uid_t(option.dropFirst("user_id=".count)) : nil
            }.first
    }

    /// All that is mounted where this process can see it; what lies over another comes later.
    static func table() throws(MountError) -> [MountInfo] {
        try KernelFile.content(of: "/proc/self/mountinfo").split(separator: UInt8(ascii: "\n"))
            .compactMap { MountInfo($0) }
    }

    /// What is seen at the directory with the absolute `path`. Nil if nothing is mounted there, or the system does not tell.
    static func top(at path: SystemString) -> MountInfo? {
        try? table().last { $0.directory == path.bytes }
    }

    /// The tag of an image, if a process shows it by FUSE.
    var tag: MountTag? { type.hasPrefix("fuse.") ? MountTag(source) : nil }

    /// `name` with the bytes that stand in it as a backslash and three octal digits.
    private static func unescaped(_ name: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = name[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3, digits.allSatisfy({ (48..<56).contains($0) }) {
                bytes.append(digits.reduce(0) { $0 &* 8 &+ ($1 - 48) })
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}
