package import FoundationEssentials

/// The images of the corpus folder, and what its manifests say of them.
package struct CorpusFile: Sendable, CustomStringConvertible {
    package enum Verdict: String, Sendable {
        case good
        case bad
        case unsupported
        /// Names a file that is not opened unless the user allows it.
        case refused
    }

    package let path: String
    package let name: String
    package let verdict: Verdict
    /// Such as `raw in xz`; good files only.
    package let layers: String
    /// The size of the disk in bytes; good files only.
    package let size: UInt64
    /// The SHA-256 of the disk, in hexadecimal; good files only.
    package let sha256: String
    /// The exact error, without the file's name; other than good files only.
    package let error: String

    package var description: String { name }

    /// The top of the checkout.
    package static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The files that `manifest` lists, which lie in `folder`; a manifest that cannot be read is an error.
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

    /// The lines of `table` but its first, each split into `columns`.
    package static func rows(_ table: String, columns: Int) throws -> [[String]] {
        let text = try String(contentsOf: root.appending(path: table), encoding: .utf8)
        return try text.split(separator: "\n").dropFirst().map { line in
            let row = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard row.count == columns else { throw MalformedManifest(line: String(line)) }
            return row
        }
    }
}

/// A manifest line that is not what it should be.
package struct MalformedManifest: Error {
    package let line: String
}
