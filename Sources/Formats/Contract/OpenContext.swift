/// What a format is opened with.
package struct OpenContext: Sendable {
    /// The threads and the memory to decode with.
    package var engine: Engine
    /// What opens files of other formats.
    package var opener: any Opener
    /// The options of formats that the user has chosen.
    package var options: FormatOptions
    /// What finds the seek index of the layer, if anything does.
    package var indexes: (any SeekIndexes)?
    /// The number of layers around this one, not counting archives, whose members are as easily read as a file: 0 for the outermost.
    package var depth = 0
    /// What opens the files that the layer names.
    package var references: any References
    /// The names of the members that the layer lies in, outermost first, each with a slash behind it.
    package var archive = ""
    /// The content ID that a disk must have which is another's parent (VMDK).
    package var contentID: UInt32?
    /// The number of files in the chain that ends with this one, each naming the next.
    package var chainLength = 1
    /// Told, in words, what turns up while the layer is read.
    package var warn: @Sendable (String) -> Void

    /// The context of an image's outermost layer.
    package init(
        engine: Engine, opener: any Opener, options: FormatOptions = FormatOptions(),
        indexes: (any SeekIndexes)? = nil, references: any References = RefusedReferences(),
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.engine = engine
        self.opener = opener
        self.options = options
        self.indexes = indexes
        self.references = references
        self.warn = warn
    }

    /// The context of the disk in the file that `reference` names, which opens files through `references` in turn, and to which
    /// `chainLength` files lead.
    package func forReference(
        _ reference: Reference, _ references: any References, chainLength: Int
    ) -> OpenContext {
        var context = self
        context.options = options.forReferences
        context.indexes = indexes?.forReference(called: printable(reference.name))
        context.references = references
        context.contentID = reference.contentID
        context.chainLength = chainLength
        context.warn = { [warn] in warn("\(reference.text): \($0)") }
        return context
    }
}
