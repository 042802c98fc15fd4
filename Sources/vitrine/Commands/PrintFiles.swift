import ArgumentParser
import Glibc
import VitrineFiles
import VitrineFormats

/// `vitrine cat`
struct PrintFiles: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Writes files inside an image to standard output.",
        usage: "vitrine cat <image>[:<n>] <path> ... [<options>]",
        discussion: """
            \(FilesOptions.discussion)

            Examples:

              vitrine cat disk.raw.xz /etc/os-release
              vitrine cat disk.qcow2:2 /var/log/syslog | less
            """)

    @OptionGroup var files: FilesOptions

    @Argument(help: ArgumentHelp("The path of the file in the image.", valueName: "path"))
    var paths: [SystemString]

    func run() throws {
        try reportingErrors {
            let problems = FileProblems()
            try files.read { [paths] tree in
                let target = StreamTarget(try WritableFile.standardOutput())
                for path in paths {
                    do {
                        try FileContent(tree.file(at: path).content()).write(to: target)
                    } catch let error as ImageError {
                        problems.report(path, error)
                    }
                }
            }
            try problems.end()
        }
    }
}
