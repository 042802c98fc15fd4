import ArgumentParser
import FoundationEssentials
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
            let mounts: [ImageMountList.Mount]
            do throws(MountError) { mounts = try ImageMountList().mounts } catch {
                throw CommandError("\(error)")
            }
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                let list = JSONValue.array(mounts.map(MountReport.json))
                say(String(decoding: try encoder.encode(list), as: UTF8.self))
            } else if !mounts.isEmpty {
                say(MountReport.text(mounts))
            }
        }
    }
}
