import ArgumentParser
import CLinux
import Glibc
import VitrineFiles
import VitrineFormats

/// `vitrine cp`
struct CopyFiles: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cp",
        abstract: "Copies files and directories out of an image.",
        usage: "vitrine cp <image>[:<n>] <path> ... <dest> [<options>]",
        discussion: """
            \(FilesOptions.discussion)

            DEST is a new name, or a directory that the copies go into. Copies keep permissions and times. \
            Symbolic links below PATH are copied as links, and devices are left out. vitrine tar keeps \
            everything.

            Examples:

              vitrine cp disk.raw.xz /etc/fstab .
              vitrine cp -r disk.qcow2:2 /home/user copy
            """)

    @OptionGroup var files: FilesOptions

    @Argument(
        help: ArgumentHelp(
            "The files in the image, and the destination outside.", valueName: "path"))
    var paths: [SystemString]

    @Flag(name: .shortAndLong, help: "Copy directories, with all that is in them.")
    var recursive = false

    @Flag(name: .shortAndLong, help: "Replace files that exist.")
    var force = false

    @Flag(
        name: .shortAndLong,
        help: "Keep the owners too, and setuid, setgid and sticky. Takes root.")
    var preserve = false

    func validate() throws {
        guard paths.count >= 2 else {
            throw ValidationError("cp takes the path of a file in the image, and a destination.")
        }
    }

    func run() throws {
        try reportingErrors {
            let problems = FileProblems()
            let extraction = FileExtraction(
                keepsOwners: preserve, mayOverwrite: force, problems: problems)
            try files.read { [self] tree in
                for path in paths.dropLast() {
                    problems.reporting(path) { try copy(path, tree, extraction) }
                }
            }
            try problems.end()
        }
    }

    private func copy(_ path: SystemString, _ tree: FileTree, _ extraction: FileExtraction) throws {
        let file = try tree.file(at: path)
        guard file.attributes.kind != .directory || recursive else {
            throw CommandError("is a directory; -r copies it with all that is in it")
        }
        let destination = paths[paths.count - 1]
        var directory = unsafe vitrine_open_directory(destination.terminated)
        if directory >= 0 {
            defer { close(directory) }
            let name = path.names.last { $0 != "." } ?? ""
            guard name != "", name != ".." else {
                throw CommandError(
                    "has no name to be called in \(destination): give a new name as the destination")
            }
            extraction.copy(
                file, to: .init(directory: directory, name: name, path: destination + "/" + name))
            return
        }
        guard paths.count == 2 else { throw CommandError("\(destination) is no directory") }
        var whole = destination.bytes[...]
        while whole.count > 1, whole.last == UInt8(ascii: "/") { whole = whole.dropLast() }
        let (folder, name) = SystemString(bytes: whole).splitAtLastSlash
        let parent: SystemString = folder == "" ? "." : folder
        directory = unsafe vitrine_open_directory(parent.terminated)
        guard directory >= 0 else { throw CommandError("\(parent): \(systemMessage(errno))") }
        defer { close(directory) }
        extraction.copy(
            file, to: .init(directory: directory, name: name, path: SystemString(bytes: whole)))
    }
}
