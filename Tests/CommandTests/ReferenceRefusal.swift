import TestSupport
import Testing

/// Checks that every command handles images that name files that are none of their business.
enum ReferenceRefusal {
    /// Expects that no command reads the disk in the image of `format` at `path`, and that the image is described
    /// anyway. Returns the description.
    @discardableResult
    static func expect(
        _ path: String, _ format: String, _ text: String, _ options: [String] = [],
        _ sourceLocation: SourceLocation
    ) throws -> String {
        for command in [["serve", path], ["copy", path, "/nonexistent/copy"], ["index", path]] {
            let result = try Program([Vitrine.path()] + command + options).wait()
            #expect(result.status == 1, sourceLocation: sourceLocation)
            #expect(result.output == "", sourceLocation: sourceLocation)
            #expect(result.errors == "vitrine: \(path): \(format): \(text)\n", sourceLocation: sourceLocation)
        }
        let result = try Vitrine.run("info", path)
        #expect(result.status == 0, sourceLocation: sourceLocation)
        #expect(result.errors == "", sourceLocation: sourceLocation)
        #expect(
            result.output.hasSuffix(
                "\nthe partitions were not read: the image names other files, and none is opened to describe it\n"
            ),
            sourceLocation: sourceLocation)
        return result.output
    }
}
