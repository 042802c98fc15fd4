import ArgumentParser
import VitrineFormats

/// The options that say which other files may be opened with an image.
struct ReferenceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Which other files that the image names may be opened: none, those in its own directory or below, "
                + "or also those in DIR. (default: directory)",
            discussion: "May be given several times, to allow several directories.",
            valueName: "none|directory|DIR"))
    var allowReferences: [SystemString] = []

    @Option(
        help: ArgumentHelp(
            "The format of such files where the image does not record it: it is not detected.",
            valueName: "format"))
    var referenceFormat: String?

    @Option(
        name: .customLong("backing-file"),
        help: ArgumentHelp(
            "Where the image's backing file or parent is, whatever the image says.",
            discussion: "Given again, it is where that file's own is, and so on.", valueName: "path"),
        completion: .file())
    var backingFiles: [SystemString] = []

    @Flag(
        name: .customLong("ignore-cid"),
        help: "Open a VMDK's parent also where its CID says that it was written to since, or is another.")
    var ignoresContentID = false

    func validate() throws {
        if backingFiles.contains("") { throw ValidationError("--backing-file takes the path of a file.") }
        if allowReferences.contains("") {
            throw ValidationError("--allow-references takes none, directory, or the path of a directory.")
        }
        if allowReferences.contains("none") && allowReferences.contains(where: { $0 != "none" }) {
            throw ValidationError("--allow-references none goes with no other.")
        }
    }

    /// The policy chosen with these options.
    var policy: ReferencePolicy { Self.policy(of: allowReferences) }

    /// The policy that `values` of --allow-references, which have been validated, make together.
    static func policy(of values: [SystemString]) -> ReferencePolicy {
        if values.contains("none") { return .none }
        let folders = values.filter { $0 != "directory" }
        return folders.isEmpty ? .directory : .folders(folders)
    }
}
