import ArgumentParser
import Glibc
import VitrineFiles
import VitrineFormats

/// `vitrine ls`
struct ListFiles: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "Lists files inside an image.",
        usage: "vitrine ls <image>[:<n>] [<path> ...] [<options>]",
        discussion: """
            \(FilesOptions.discussion)

            Times are UTC. Owners are numbers.

            Examples:

              vitrine ls disk.raw.xz /etc
              vitrine ls -l disk.qcow2:2 /
            """)

    @OptionGroup var files: FilesOptions

    @Argument(help: ArgumentHelp("The file or directory to list. (default: /)", valueName: "path"))
    var paths: [SystemString] = []

    @Flag(name: .short, help: "Show mode, names, owner, group, size and time too.")
    var long = false

    @Flag(name: .shortAndLong, help: "Show names that start with a dot too.")
    var all = false

    @Flag(name: .shortAndLong, help: "Show directories themselves instead of what is in them.")
    var directory = false

    @Flag(help: "Print JSON, for programs. It shows all names.")
    var json = false

    func run() throws {
        try reportingErrors {
            let problems = FileProblems()
            try files.read { [self] tree in
                var values: [JSONValue] = []
                let paths: [SystemString] = paths.isEmpty ? ["/"] : paths
                for path in paths {
                    do throws(ImageError) {
                        let listing = try listing(of: path, tree, problems)
                        if json {
                            values += listing.json
                        } else {
                            StandardOutput.write(listing.text(isTerminal: isatty(STDOUT_FILENO) == 1))
                        }
                    } catch {
                        problems.report(path, error)
                    }
                }
                if json { say(try JSONValue.array(values).text) }
            }
            try problems.end()
        }
    }

    private func listing(
        of path: SystemString, _ tree: FileTree, _ problems: FileProblems
    ) throws(ImageError) -> FileListing {
        // If there is more to show than a name, a link that is named is shown itself.
        let file = try tree.file(at: path, followsLast: !(long || json || directory))
        guard file.attributes.kind == .directory, !directory else {
            let line = try FileListing.Line(path, file, isLong: long || json)
            return FileListing(lines: [line], isLong: long)
        }
        var lines: [FileListing.Line] = []
        let entries = try file.entries().sorted { $0.name.bytes.lexicographicallyPrecedes($1.name.bytes) }
        for entry in entries where all || json || entry.name.bytes.first != UInt8(ascii: ".") {
            if file.isLost { break }
            guard long || json else {
                lines.append(FileListing.Line(name: entry.name))
                continue
            }
            do throws(ImageError) {
                lines.append(try FileListing.Line(entry.name, file.file(of: entry), isLong: true))
            } catch {
                problems.report(entry.name, error)
            }
        }
        return FileListing(lines: lines, isLong: long, heading: paths.count > 1 ? path : nil)
    }
}
