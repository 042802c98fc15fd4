/// An image format: how to recognise it, and how to open it.
package struct Format: Sendable {
    package enum Kind: Sendable {
        /// Holds a file, which is probed in turn.
        case wrapper
        /// A disk: ends the probing, always. What a guest wrote into its disk is never probed.
        case disk
    }

    /// What the user calls it: `xz`.
    package let name: String
    package let kind: Kind
    /// How names of such files end. A file that is called so but not recognised is damaged, and is
    /// not to be taken for a raw disk.
    package let extensions: [String]
    /// Whether `OpenContext.snapshot` means something to it.
    package var hasSnapshots = false
    /// Whether it holds several things, of which `OpenContext.member` chooses one.
    package var hasMembers = false
    /// Looks at the start and the end of a file.
    package let recognises: @Sendable (_ probe: FileProbe) -> Bool
    /// Reads what `file` says of itself; opens no other file.
    package let inspect:
        @Sendable (_ file: any Source, _ context: OpenContext) throws(ImageError) ->
            Inspection

    /// How many layers may lie one in another.
    package static let maximumLayers = 8

    /// Why more are not opened.
    static var tooManyLayers: ImageError {
        ImageError(.limit, "more than \(maximumLayers) layers, one in another, are not opened")
    }

    /// The formats that can be opened. Raw takes anything, so it is last.
    package static let known: [Format] = [.xz, .tar, .qcow2, .qcow1, .vmdk, .raw]

    /// Every format there is, in the order of probing.
    package static let all: [Format] = known.dropLast() + Format.foreign + [.raw]

    /// The format of the file that `probe` looks at, which is called `name`.
    package static func detect(_ probe: FileProbe, name: String?) -> Format {
        let byContent = all.first { $0.recognises(probe) } ?? .raw
        guard byContent.name == raw.name, let name = name?.lowercased() else { return byContent }
        return all.first { $0.extensions.contains { name.hasSuffix("." + $0) } } ?? byContent
    }

    /// `name` without an extension of this format; nil where it has none.
    func nameWithoutExtension(_ name: String) -> String? {
        let lowercase = name.lowercased()
        return extensions.first { lowercase.hasSuffix("." + $0) }.map { String(name.dropLast($0.count + 1)) }
    }

    /// The formats that can be opened, by name.
    package static func named(_ name: String) throws(ImageError) -> Format {
        guard let format = known.first(where: { $0.name == name }) else {
            throw ImageError(
                .unsupported,
                "there is no format \"\(printable(name))\"; known are \(known.map(\.name).joined(separator: ", "))"
            )
        }
        return format
    }
}
