package import Foundation

/// Runs `body` with a folder that exists only until it returns.
package func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    // A short name, as the paths of Unix sockets must be short.
    let folder = FileManager.default.temporaryDirectory
        .appending(path: "vt-\(UUID().uuidString.prefix(8))", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

extension URL {
    /// True if there is a file or folder at this path.
    package var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// Writes `text` to a new file called `name` in this folder.
    package func file(_ name: String, _ text: String) throws -> URL {
        let url = appending(path: name)
        try Data(text.utf8).write(to: url)
        return url
    }

    /// Writes `bytes` to a new file called `name` in this folder.
    package func file(_ name: String, _ bytes: Data) throws -> URL {
        let url = appending(path: name)
        try bytes.write(to: url)
        return url
    }
}
