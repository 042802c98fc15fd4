import ArgumentParser
import VitrineFormats
import VitrineMount

/// `vitrine mounts`
struct Mounts: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the images that are mounted.",
        discussion: "The list is what the kernel shows. No file keeps it.")

    @Flag(help: "Print JSON, for programs.")
    var json = false

    func run() throws {
        try reportingErrors {
            let mounts = try ImageMountList().mounts
            if json {
                say(try JSONValue.array(mounts.map(MountReport.json)).text)
            } else if !mounts.isEmpty {
                say(MountReport.text(mounts))
            }
        }
    }
}
