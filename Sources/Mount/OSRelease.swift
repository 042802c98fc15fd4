import CLinux
import Glibc
import VitrineFormats

/// The name of an operating system, from its os-release file (os-release(5)).
struct OSRelease {
    /// The places of the file, the first first. The third is that of a /usr on its own, and the last that of a NixOS which has not
    /// been started yet.
    static let paths = [
        "etc/os-release", "usr/lib/os-release", "lib/os-release",
        "nix/var/nix/profiles/system/etc/os-release",
    ]

    /// The most that is read of it, in bytes.
    static let maximumSize = 64 << 10

    /// Its name for people: PRETTY_NAME, or else NAME.
    let name: String

    /// Reads the file's `content`. Nil if it has no name.
    init?(_ content: [UInt8]) {
        let lines = String(decoding: content, as: UTF8.self).split(separator: "\n")
        func value(_ key: String) -> String? {
            guard let line = lines.last(where: { $0.hasPrefix("\(key)=") }) else { return nil }
            let text = line.dropFirst(key.count + 1).filter { $0 != "\"" && $0 != "'" && $0 != "\\" }
            return text.isEmpty ? nil : text
        }
        guard let name = value("PRETTY_NAME") ?? value("NAME") else { return nil }
        self.name = name
    }

    /// The name of the operating system below the directory `path`, no link leading out of that. Nil if there is none.
    static func system(below path: SystemString) -> String? {
        let directory = unsafe vitrine_open_directory(path.terminated)
        guard directory >= 0 else { return nil }
        defer { close(directory) }
        for file in paths {
            let descriptor = unsafe vitrine_open_in_root(directory, file)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            var bytes = [UInt8](repeating: 0, count: maximumSize)
            let count = unsafe bytes.withUnsafeMutableBytes {
                unsafe read(descriptor, $0.baseAddress, $0.count)
            }
            if count > 0, let release = OSRelease(Array(bytes[..<count])) { return release.name }
        }
        return nil
    }
}
