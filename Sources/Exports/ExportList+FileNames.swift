extension ExportList {
    /// The most bytes in the name of a file.
    private static let maximumFileName = 255

    /// The names of the exports as files: for each of `all` another one, which has no slash.
    ///
    /// They are the names of the exports, as far as these can be names of files. The default export is `disk`.
    package var fileNames: [String] {
        var taken: Set<[UInt8]> = []
        return all.map { export in
            let name = Self.fileName(export.name)
            for number in 1... {
                let suffix = number == 1 ? "" : "-\(number)"
                let candidate = Self.shortened(name, to: Self.maximumFileName - suffix.utf8.count) + suffix
                if taken.insert(Array(candidate.utf8)).inserted { return candidate }
            }
            preconditionFailure("there are fewer exports than numbers")
        }
    }

    private static func fileName(_ name: String) -> String {
        switch name {
        case "": return "disk"
        case ".", "..": return "_" + name
        default:
            var result = String.UnicodeScalarView()
            for scalar in name.unicodeScalars { result.append(["/", "\0"].contains(scalar) ? "_" : scalar) }
            return String(result)
        }
    }

    /// The start of `name` that has at most `count` bytes.
    private static func shortened(_ name: String, to count: Int) -> String {
        var result = String.UnicodeScalarView()
        var left = count
        for scalar in name.unicodeScalars {
            left -= UTF8.width(scalar)
            guard left >= 0 else { break }
            result.append(scalar)
        }
        return String(result)
    }
}
