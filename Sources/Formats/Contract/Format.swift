/// An image format: how to recognise it, and how to open it.
package struct Format: Sendable {
    package enum Kind: Sendable {
        /// Holds a file, which is probed in turn.
        case wrapper
        /// A disk: ends the probing, always. What a guest wrote into its disk is never probed.
        case disk
    }

    /// The name that users give it by: `xz`.
    package let name: String
    /// The name that people know it by, if that is another.
    package var title: String?
    package let kind: Kind
    /// The endings of names of such files. A file that is called so but not recognised is damaged, and is not taken for a raw disk.
    package let extensions: [String]
    /// The options that choose what it opens.
    package var options: [any FormatOption.Type] = []
    /// True if it holds several things, of which one is opened.
    package var hasMembers = false
    /// Looks at the start and the end of a file.
    package let recognises: @Sendable (_ probe: FileProbe) -> Bool
    /// Reads what `file` says of itself; opens no other file.
    package let inspect:
        @Sendable (_ file: any Source, _ context: OpenContext) throws(ImageError) ->
            Inspection

    /// How many layers may lie one in another.
    package static let maximumLayers = 8

    /// The error for more than `maximumLayers` layers.
    static var tooManyLayers: ImageError {
        ImageError(.limit, "more than \(maximumLayers) layers, one in another, are not opened")
    }

    /// `name` without an extension of this format; nil where it has none.
    func nameWithoutExtension(_ name: String) -> String? {
        let lowercase = name.lowercased()
        return extensions.first { lowercase.hasSuffix("." + $0) }.map { String(name.dropLast($0.count + 1)) }
    }
}
