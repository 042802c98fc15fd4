import VitrineFormats
import VitrineMount

/// The commands with which a person would do by hand what mounting does.
struct MountSteps {
    /// The lines of a shell script.
    let lines: [String]

    /// The steps to mount one of `plan` at `directory`. `arguments` are those for serving the image. `asRoot` is true if root takes them.
    ///
    /// Throws if others cannot mount any of it.
    init(
        _ plan: MountPlan, _ directory: SystemString, serving arguments: [SystemString], asRoot: Bool
    ) throws(MountError) {
        let place = Self.quoted(directory)
        let candidates = try asRoot ? plan.candidates : plan.mountedByPrograms()
        let mounts = candidates.map { candidate in
            let file = "\"$files\"/" + candidate.fileName
            let command: String
            if asRoot {
                let isDirty = candidate.fileSystem.state == .journalToReplay
                let options =
                    ["ro", "nosuid", "nodev", "loop"] + candidate.options(isDirty ? .skipped : .none)
                command =
                    "mount -t \(candidate.type ?? "auto") -o \(options.joined(separator: ",")) \(file) \(place)"
            } else if let program = candidate.program {
                command = "\(program.name) -o \(program.options) \(file) \(place)"
            } else {
                command = ""
            }
            return command + "    # \(candidate.title), \(candidate.fileSystem.kind)"
        }
        var lines = [
            "files=$(mktemp -d)",
            "vitrine serve --fuse \"$files\" \(arguments.map(Self.quoted).joined(separator: " ")) &",
            "until mountpoint -q \"$files\"; do sleep 0.1; done",
        ]
        if mounts.count > 1 {
            lines.append("# One of these; vitrine mount takes the one with an operating system.")
        }
        if !asRoot, candidates.contains(where: { $0.program == .fuse2fs }) {
            lines.append(
                "# Where the image is damaged, fuse2fs gives wrong bytes. With vitrine mount, it gives errors."
            )
        }
        lines += mounts
        lines += [
            "# To end it:",
            asRoot ? "umount \(place)" : "fusermount3 -u \(place)",
            asRoot ? "umount \"$files\"" : "fusermount3 -u \"$files\"",
            "rmdir \"$files\"",
        ]
        self.lines = lines
    }

    /// `text` as a shell takes it for one word.
    static func quoted(_ text: SystemString) -> String {
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/=,:+@%".utf8)
        guard text.bytes.isEmpty || !text.bytes.allSatisfy(plain.contains) else { return text.text }
        return "'"
            + text.text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
            + "'"
    }
}
