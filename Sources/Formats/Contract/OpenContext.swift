/// Everything that a format is opened with.
package struct OpenContext: Sendable {
    /// The threads and the memory to decode with.
    package var engine: Engine
    /// Opens files of other formats.
    package var opener: any Opener
    /// The options of formats that the user has chosen.
    package var options: FormatOptions
    /// Finds the seek index of the layer. Nil if nothing does.
    package var indexes: (any SeekIndexes)?
    /// The number of layers around this one: 0 for the outermost. Archives do not count: their members are as easily read as a file.
    package var depth = 0
    /// Opens the files that the layer names.
    package var references: any References
    /// The names of the members that the layer lies in, outermost first, each followed by a slash.
    package var archive = ""
    /// The content ID that the disk must have if it is another's parent (VMDK).
    package var contentID: UInt32?
    /// The offset of the first byte that the layer's file lacks, because what holds that file is truncated, and the user wants the
    /// rest. Nil if nothing is missing.
    package var firstMissing: UInt64?
    /// The size and the format of the disk as a layer around it records them. Nil if none does.
    package var recordedDisk: RecordedDisk?
    /// The number of files in the chain that ends with this one, each naming the next.
    package var chainLength = 1
    /// The way in which a layer may be decoded whole to find its size.
    package var firstPass = FirstPass.Policy()
    /// Called with a text for the user when something turns up while the layer is read.
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

    /// The context of the disk in the file that `reference` names. That file opens files through `references` in turn, and ends a
    /// chain of `chainLength` files.
    package func forReference(
        _ reference: Reference, _ references: any References, chainLength: Int
    ) -> OpenContext {
        var context = self
        context.options = options.forReferences
        context.indexes = indexes?.forReference(called: printable(reference.name))
        context.references = references
        context.contentID = reference.contentID
        context.recordedDisk = nil
        context.chainLength = chainLength
        context.warn = { [warn] in warn("\(reference.text): \($0)") }
        return context
    }
}
