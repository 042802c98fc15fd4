package import FoundationEssentials

/// An image of the corpus, and the facts about it in its manifest.
package struct CorpusFile: Sendable, CustomStringConvertible {
    package enum Verdict: String, Sendable {
        case good
        case bad
        case unsupported
        /// Names a file that is opened only if the user allows it.
        case refused
    }

    package let path: String
    package let name: String
    package let verdict: Verdict
    /// The layers, such as `raw in xz`. Good files only.
    package let layers: String
    /// The size of the disk in bytes. Good files only.
    package let size: UInt64
    /// The SHA-256 of the disk, in hexadecimal. Good files only.
    package let sha256: String
    /// The exact error, without the file's name. Other than good files only.
    package let error: String

    package var description: String { name }

    /// The top folder of the checkout.
    package static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The files in `folder` that `manifest` lists. Throws if the manifest cannot be read.
    package static func all(_ manifest: String, in folder: URL) throws -> [CorpusFile] {
        try rows(manifest, columns: 6).map { columns in
            guard let verdict = Verdict(rawValue: columns[1]) else {
                throw MalformedManifest(line: columns.joined(separator: "\t"))
            }
            return CorpusFile(
                path: folder.appending(path: columns[0]).path, name: columns[0], verdict: verdict,
                layers: columns[2], size: UInt64(columns[3]) ?? 0, sha256: columns[4], error: columns[5])
        }
    }

    /// The lines of `table` without the first, each split into `columns`.
    package static func rows(_ table: String, columns: Int) throws -> [[String]] {
        let text = try String(contentsOf: root.appending(path: table), encoding: .utf8)
        return try text.split(separator: "\n").dropFirst().map { line in
            let row = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard row.count == columns else { throw MalformedManifest(line: String(line)) }
            return row
        }
    }
}

/// The error for a malformed line of a manifest.
package struct MalformedManifest: Error {
    package let line: String
}
