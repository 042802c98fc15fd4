import ArgumentParser
import VitrineFormats

/// The options that say where the seek index of an image is.
struct IndexOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Use the seek index in this file instead of the one in the cache. copy and serve make the file "
                + "if it does not exist. Whoever made an index can change what you read: accept it only from "
                + "somebody whose image you would accept.",
            valueName: "path"),
        completion: .file())
    var index: SystemString?

    @Flag(name: .customLong("no-index"), help: "Neither use a seek index nor keep one.")
    var noIndex = false

    /// The choice made with these options.
    var choice: IndexChoice {
        if noIndex { return .none }
        return index.map { .path($0) } ?? .automatic
    }

    /// The paths that are written to.
    var written: [WrittenPath] { index.map { [WrittenPath("--index", $0)] } ?? [] }

    func validate() throws {
        if index != nil && noIndex { throw ValidationError("--index cannot be used with --no-index.") }
        if index == "" { throw ValidationError("--index takes the path of a file.") }
    }
}
