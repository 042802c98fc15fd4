import ArgumentParser
import VitrineFormats

/// The options that say where the seek index of an image is.
struct IndexOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Use the seek index in this file, and make it if it is not there, instead of the one in the cache. Whoever made it can "
                + "change what is read: trust it as you trust the image.",
            valueName: "path"),
        completion: .file())
    var index: SystemString?

    @Flag(name: .customLong("no-index"), help: "Use no seek index, and keep none.")
    var noIndex = false

    /// The choice made with these options.
    var choice: IndexChoice {
        if noIndex { return .none }
        return index.map { .path($0) } ?? .automatic
    }

    /// The paths that are written to.
    var written: [WrittenPath] { index.map { [WrittenPath("--index", $0)] } ?? [] }

    func validate() throws {
        if index != nil && noIndex { throw ValidationError("--index does not go with --no-index.") }
        if index == "" { throw ValidationError("--index takes the path of a file.") }
    }
}
