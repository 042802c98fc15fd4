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
    /// Looks at the first bytes of a file, `headSize` or fewer.
    package let recognises: @Sendable (_ head: [UInt8]) -> Bool
    /// Reads what `file` says of itself; opens no other file.
    package let inspect:
        @Sendable (_ file: any Source, _ context: OpenContext) throws(ImageError) ->
            Inspection

    /// How many bytes `recognises` is shown, where there are as many.
    package static let headSize = 4096

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

    /// The bytes of `source` that `recognises` is shown.
    static func head(of source: any Source) throws(ImageError) -> [UInt8] {
        try source.bytes(at: 0, count: Int(min(source.size, UInt64(headSize))))
    }

    /// The format of a file that starts with `head` and is called `name`.
    package static func detect(_ head: [UInt8], name: String?) -> Format {
        let byContent = all.first { $0.recognises(head) } ?? .raw
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
