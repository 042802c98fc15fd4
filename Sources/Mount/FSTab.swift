import VitrineFormats

/// The line of /etc/fstab (fstab(5)) for the root of a system: it says which file system that is.
struct FSTab {
    /// The most that is read of the file, in bytes.
    static let maximumSize = 64 << 10

    /// The words for the root, such as `UUID=…` or `/dev/sda1`. Nil if there is no line for it.
    let root: String?

    /// Reads the file's `content`.
    init(_ content: [UInt8]) {
        let lines = String(decoding: content, as: UTF8.self).split(separator: "\n")
            .map { $0.split { $0 == " " || $0 == "\t" } }
        root = lines.first { $0.count >= 2 && $0[0].first != "#" && $0[1] == "/" }.map { String($0[0]) }
    }

    /// True if the root is `candidate`. Nil if the line does not tell by anything that is known.
    func names(_ candidate: MountCandidate) -> Bool? {
        if let root, let volume = candidate.volume, root.hasPrefix("/dev/") {
            return root == "/dev/\(volume.name)" || root == "/dev/mapper/\(volume.mapperName)"
        }
        guard let root, let sign = root.firstIndex(of: "=") else { return nil }
        let value = root[root.index(after: sign)...].filter { $0 != "\"" }
        return switch root[..<sign] {
        case "UUID": candidate.fileSystem.uuid?.lowercased() == value.lowercased()
        case "LABEL": candidate.fileSystem.label?.hasBytes(of: value) == true
        case "PARTUUID": candidate.entry?.uuid?.lowercased() == value.lowercased()
        case "PARTLABEL": candidate.entry?.name.hasBytes(of: value) == true
        default: nil
        }
    }
}
