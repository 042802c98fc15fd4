import VitrineFormats
import VitrineMount

/// The line that tells what was mounted.
enum MountReport {
    static func text(_ mounted: MountedSystem, at directory: SystemString) -> String {
        let candidate = mounted.candidate
        var what = "\(candidate.title) (\(candidate.fileSystem.kind)"
        if let subvolume = mounted.subvolume { what += ", subvolume \(subvolume)" }
        if let label = candidate.fileSystem.label { what += ", \"\(printable(label))\"" }
        what += ")"
        let system = mounted.system.map { ", \(printable($0))" } ?? ""
        return "\(directory): \(what)\(system): \(printable(mounted.reason))"
    }
}
