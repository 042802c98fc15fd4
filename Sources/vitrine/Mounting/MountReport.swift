import VitrineFormats
import VitrineMount

/// The lines that tell what is mounted.
enum MountReport {
    static func text(_ mount: ImageMount, at directory: SystemString) -> String {
        let systems = mount.outcome.systems
        let journals = systems.contains { $0.journal == .replayed }
        let written = "journals were replayed in memory (\(byteCount(mount.written)))"
        guard systems.count == 1, let system = systems.first, !system.reason.isEmpty else {
            return
                (systems.map { text($0, at: directory + "/" + SystemString($0.candidate.folderName)) }
                + (journals ? [written] : [])).joined(separator: "\n")
        }
        let journal = journals ? "; its journal was replayed in memory (\(byteCount(mount.written)))" : ""
        return text(system, at: directory) + journal + others(system)
    }

    /// The line for what is mounted at `directory`.
    private static func text(_ mounted: MountedSystem, at directory: SystemString) -> String {
        let candidate = mounted.candidate
        var what = "\(candidate.title) (\(candidate.fileSystem.kind)"
        if let subvolume = mounted.subvolume { what += ", subvolume \(subvolume)" }
        if let label = candidate.fileSystem.label { what += ", \"\(printable(label))\"" }
        what += ")"
        let system = mounted.system.map { ", \(printable($0))" } ?? ""
        let reason = mounted.reason.isEmpty ? "" : ": \(printable(mounted.reason))"
        let way =
            mounted.program.map { "; shown by \($0.name), as only root can let the kernel mount it" } ?? ""
        return "\(directory): \(what)\(system)\(reason)\(way)"
    }

    /// The words that name the other systems on the disk.
    private static func others(_ mounted: MountedSystem) -> String {
        guard !mounted.others.isEmpty else { return "" }
        let names = mounted.others.map { other in
            other.candidate.title + (other.system.isEmpty ? "" : " (\(printable(other.system)))")
        }
        let option = mounted.others.contains { $0.candidate.volume != nil } ? "--volume" : "--partition"
        return "; there is a system on \(names.joined(separator: ", ")) too: \(option) takes it"
    }

    /// A line for each of `mounts`.
    static func text(_ mounts: [ImageMountList.Mount]) -> String {
        TextTable.lines(
            [["directory", "type", "image", "device", "process"]]
                + mounts.map { mount in
                    [
                        mount.directory.map { printable($0.text) } ?? "(in use, but not seen here)",
                        mount.type ?? "",
                        printable(mount.image), mount.device ?? "",
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
            "device": mount.device.map { .string($0) } ?? .null,
            "process": mount.isServed ? .number(UInt64(mount.process)) : .null,
        ])
    }
}
