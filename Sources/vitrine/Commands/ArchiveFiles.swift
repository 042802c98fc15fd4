import ArgumentParser
import VitrineFiles
import VitrineFormats

/// `vitrine tar`
struct ArchiveFiles: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tar",
        abstract: "Writes the files inside an image as a tar archive.",
        usage: "vitrine tar <image>[:<n>] <out> [<path> ...] [<options>]",
        discussion: """
            \(FilesOptions.discussion)

            The archive has numeric owners, times, extended attributes, hard links and devices, and files with \
            large holes as sparse ones, in the format that GNU tar calls posix. Without PATH, it holds \
            everything, below "./".

            Examples:

              vitrine tar disk.raw.xz root.tar
              vitrine tar disk.raw.xz - /etc | tar x -C copy
              vitrine tar disk.raw.xz - | tar xp --numeric-owner --xattrs --xattrs-include='*' -C root
            """)

    @OptionGroup var files: FilesOptions

    @Argument(
        help: ArgumentHelp("The archive: a new file, or - for standard output.", valueName: "out"),
        completion: .file())
    var output: SystemString

    @Argument(help: ArgumentHelp("The file or directory to write.", valueName: "path"))
    var paths: [SystemString] = []

    @Flag(name: .shortAndLong, help: "Overwrite <out> if it is an existing file.")
    var force = false

    func run() throws {
        try reportingErrors {
            let written = WrittenPath("the archive", output)
            if output != "-" { try WrittenPath.requireDistinct([written], from: files.image) }
            let problems = FileProblems()
            try files.read { [self] tree in
                let target = try CopyDestination(path: output, mayOverwrite: force).open(size: 0)
                do {
                    try write(tree, to: target, problems)
                    try target.finish()
                } catch {
                    target.abandon()
                    throw error
                }
            }
            try problems.end()
        }
    }

    private func write(_ tree: FileTree, to target: any CopyTarget, _ problems: FileProblems) throws {
        var position: UInt64 = 0
        /// Headers are small, and writing costs a system call.
        var buffer: [UInt8] = []
        func flush() throws {
            try target.write(buffer, 0..<buffer.count, at: position)
            position += UInt64(buffer.count)
            buffer.removeAll(keepingCapacity: true)
        }
        try withoutActuallyEscaping(flush) { flush in
            let writer = TarWriter { bytes in
                buffer += bytes
                if buffer.count >= 1 << 20 { try flush() }
            } report: { name, error in
                problems.report(SystemString(bytes: name), error)
            }
            for path in paths.isEmpty ? ["/"] : paths {
                do {
                    let names = path.names.filter { $0 != "." }
                    guard !names.contains("..") else {
                        throw ImageError(.refused, "a name in an archive must not have \"..\" in it")
                    }
                    let file = try tree.file(at: path, followsLast: false)
                    let name = Array(names.map(\.bytes).joined(separator: [UInt8(ascii: "/")]))
                    try writer.add(file, as: name.isEmpty ? Array("./".utf8) : name)
                } catch let error as ImageError {
                    problems.report(path, error)
                }
            }
            try writer.finish()
        }
        try flush()
    }
}
