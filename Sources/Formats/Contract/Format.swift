/// An image format: how to recognise it, and how to open it.
package struct Format: Sendable {
    package enum Kind: Sendable {
        /// Holds a file, which is probed in turn.
        case wrapper
        /// A disk, which always ends the probing. Nothing that a guest wrote into its disk is ever probed.
        case disk
    }

    /// The user's name for it: `xz`.
    package let name: String
    /// The name that people know it by, if that is another.
    package var title: String?
    package let kind: Kind
    /// The extensions of names of such files. A file that has one but is not recognised is damaged, and must not be taken for a
    /// raw disk.
    package let extensions: [String]
    /// The kind of its seek indexes. Nil if it needs none.
    package var seekKind: SeekKind?
    /// The options that choose what it opens.
    package var options: [any FormatOption.Type] = []
    /// True if it holds several things and opens one of them.
    package var hasMembers = false
    /// The text of a warning if `probe` is of a file that was detected as this format, but looks like something else. Nil if it
    /// does not. A format that the user chose, or that an image records, is not doubted.
    package var doubt: @Sendable (_ probe: FileProbe) -> String? = { _ in nil }
    /// True if it finds out by itself what a truncated file lacks, so that it gets the file as it is. Any other gets a file of the
    /// full size, and reading what is missing fails.
    package var handlesTruncation = false
    /// True if the start and the end of a file show this format.
    package let recognises: @Sendable (_ probe: FileProbe) -> Bool
    /// Reads what `file` says of itself; opens no other file.
    package let inspect:
        @Sendable (_ file: any Source, _ context: OpenContext) throws(ImageError) ->
            Inspection

    /// The most layers that may lie one in another.
    package static let maximumLayers = 8

    /// The error for more than `maximumLayers` layers.
    static var tooManyLayers: ImageError {
        ImageError(
            .limit, "there are more than \(maximumLayers) layers, one inside another; vitrine opens no more")
    }

    /// `name` without an extension of this format. Nil if it has none.
    func nameWithoutExtension(_ name: String) -> String? {
        let lowercase = name.lowercased()
        return extensions.first { lowercase.hasSuffix("." + $0) }.map { String(name.dropLast($0.count + 1)) }
    }
}
