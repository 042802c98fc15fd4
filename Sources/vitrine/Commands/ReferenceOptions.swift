import ArgumentParser
import VitrineFormats

/// The options that say which other files may be opened with an image.
struct ReferenceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The other files that vitrine may open if the image names them. none: no file. directory: those "
                + "in the image's own directory and below. DIR: also those in this directory and below. "
                + "(default: directory)",
            discussion: "Give the option several times to allow several directories.",
            valueName: "none|directory|DIR"))
    var allowReferences: [SystemString] = []

    @Option(
        help: ArgumentHelp(
            "The format of the backing file or parent, if the image does not record it. Vitrine never "
                + "detects it.",
            valueName: "format"))
    var referenceFormat: String?

    @Option(
        name: .customLong("backing-file"),
        help: ArgumentHelp(
            "The path of the image's backing file or parent, whatever the image says.",
            discussion: "Give the option again for the backing file or parent of that file, and so on.",
            valueName: "path"),
        completion: .file())
    var backingFiles: [SystemString] = []

    @Flag(
        name: .customLong("ignore-cid"),
        help: ArgumentHelp(
            "Open the parent of a VMDK even if its CID is not the recorded one, because it has changed since "
                + "or is another file."))
    var ignoresContentID = false

    func validate() throws {
        if backingFiles.contains("") { throw ValidationError("--backing-file takes the path of a file.") }
        if allowReferences.contains("") {
            throw ValidationError("--allow-references takes none, directory, or the path of a directory.")
        }
        if allowReferences.contains("none") && allowReferences.contains(where: { $0 != "none" }) {
            throw ValidationError("--allow-references none cannot be used with other values.")
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
