import ArgumentParser
import VitrineFormats

/// `vitrine info`
struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what an image is made of, and its partitions.")

    @OptionGroup var options: ImageOptions

    @Flag(help: "Print JSON, for programs.")
    var json = false

    func run() throws {
        try reportingErrors {
            let image = try options.inspect()
            if json {
                say(try InfoReport.json(image, path: options.image))
            } else {
                say(InfoReport.text(image))
                for warning in InfoReport.warnings(image) { complain("warning: \(warning)") }
            }
        }
    }
}
