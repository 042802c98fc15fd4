import TestSupport
import Testing

/// What every command does with an image that names files which are none of its business.
enum ReferenceRefusal {
    /// Expects that nothing that reads the disk in the image of `format` at `path` does so, and that it is described all the
    /// same; returns the description.
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
            result.output.hasSuffix("\nno partitions were looked for: that may take the files it names\n"),
            sourceLocation: sourceLocation)
        return result.output
    }
}
