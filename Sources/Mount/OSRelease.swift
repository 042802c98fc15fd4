/// The name of an operating system, from its os-release file (os-release(5)).
struct OSRelease {
    /// The places of the file, the first first. The third is that of a /usr on its own, and the last that of a NixOS which has not
    /// been started yet.
    private static let paths = [
        "etc/os-release", "usr/lib/os-release", "lib/os-release",
        "nix/var/nix/profiles/system/etc/os-release",
    ]

    /// The most that is read of it, in bytes.
    private static let maximumSize = 64 << 10

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

    /// The name of the operating system in `folder`. Nil if there is none.
    static func system<Folder: RootFolder & ~Copyable>(in folder: borrowing Folder) -> String? {
        for path in paths {
            if let name = system(in: folder, at: path) { return name }
        }
        return nil
    }

    /// The name in the file at `path` in `folder`. Nil if there is none.
    static func system<Folder: RootFolder & ~Copyable>(
        in folder: borrowing Folder, at path: String
    ) -> String? {
        folder.content(of: path, limit: maximumSize).flatMap { OSRelease($0)?.name }
    }
}
