import VitrineFormats
import VitrineMount

/// The lines that tell what is mounted.
enum MountReport {
    static func text(_ mount: ImageMount, at directory: SystemString) -> String {
        let mounted = mount.system
        let candidate = mounted.candidate
        var what = "\(candidate.title) (\(candidate.fileSystem.kind)"
        if let subvolume = mounted.subvolume { what += ", subvolume \(subvolume)" }
        if let label = candidate.fileSystem.label { what += ", \"\(printable(label))\"" }
        what += ")"
        let system = mounted.system.map { ", \(printable($0))" } ?? ""
        return "\(directory): \(what)\(system): \(printable(mounted.reason))"
            + (mounted.journal == .replayed
                ? "; its journal was replayed in memory (\(byteCount(mount.written)))" : "")
    }

    /// A line for each of `mounts`.
    static func text(_ mounts: [ImageMountList.Mount]) -> String {
        TextTable.lines(
            [["directory", "type", "image", "device", "process"]]
                + mounts.map { mount in
                    [
                        mount.directory.map { printable($0.text) } ?? "(in use, but not seen here)",
                        mount.type ?? "",
                        printable(mount.image), mount.device,
                        mount.isServed ? "\(mount.process)" : "gone: reads fail",
                    ]
                }
        ).joined(separator: "\n")
    }

    static func json(_ mount: ImageMountList.Mount) -> JSONValue {
        .object([
            "directory": mount.directory.map { .string($0.text) } ?? .null,
            "type": mount.type.map { .string($0) } ?? .null,
            "image": .string(mount.image),
            "device": .string(mount.device),
            "process": mount.isServed ? .number(UInt64(mount.process)) : .null,
        ])
    }
}
