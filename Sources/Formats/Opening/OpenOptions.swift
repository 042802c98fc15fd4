/// How to open an image.
public struct OpenOptions: Sendable {
    /// The formats of the outermost layers, outermost first, where they are not to be detected;
    /// `["raw"]` takes the file as it is for the disk.
    public var formats: [String]

    /// The threads and the memory to decode with.
    public var engine: Engine

    /// Which other files that the image names are opened with it.
    public var references: ReferencePolicy

    /// The format of such files where the image does not record it; without, they are refused, as it is never
    /// detected: whoever writes to a raw disk could make it look like an image that names any file.
    public var referenceFormat: String?

    /// The options of formats.
    public var formatOptions = FormatOptions()

    /// Where the image's backing file or parent is, and then that file's own, and so on: opened in place of what is recorded.
    public var backingFiles: [SystemString] = []

    /// Told, in words, what turns up while the disk is read; for what is known from the start, see `Image.warnings`.
    public var warn: @Sendable (String) -> Void = { _ in }

    /// Where the seek indexes of its layers are found; without, what is learnt stays in memory.
    package var indexes: (any SeekIndexes)?

    /// Everything detected, decoded with the process's shared engine, and the image's own directory allowed for
    /// what it names, unless said otherwise.
    public init(
        formats: [String] = [], engine: Engine = .shared, references: ReferencePolicy = .directory,
        referenceFormat: String? = nil
    ) {
        self.formats = formats
        self.engine = engine
        self.references = references
        self.referenceFormat = referenceFormat
    }

    /// What the outermost layer is opened with, but for its seek index and what it names.
    var context: OpenContext {
        OpenContext(
            engine: engine, opener: Registry(), options: formatOptions, indexes: indexes, warn: warn)
    }
}
