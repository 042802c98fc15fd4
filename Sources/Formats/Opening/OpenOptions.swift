/// The options for opening an image.
public struct OpenOptions: Sendable {
    /// The formats of the outermost layers, outermost first, if they should not be detected. `["raw"]` takes the file itself for the
    /// disk.
    public var formats: [String]

    /// The threads and the memory to decode with.
    public var engine: Engine

    /// The other files named by the image that may be opened with it.
    public var references: ReferencePolicy

    /// The format of such files if the image does not record it. Without it, they are refused, because their format is never
    /// detected: whoever writes to a raw disk could make it look like an image that names any file.
    public var referenceFormat: String?

    /// The size in bytes of the sectors that the partition table counts. If it is nil, the table tells, or it is 512.
    public var sectorSize: UInt64?

    /// The options of formats.
    public var formatOptions = FormatOptions()

    /// The paths of the image's backing file or parent, of that file's own, and so on. They are opened in place of the recorded files.
    public var backingFiles: [SystemString] = []

    /// Called with a text for the user when something turns up while the disk is read. `Image.warnings` has what is known from the
    /// start.
    public var warn: @Sendable (String) -> Void = { _ in }

    /// Finds the seek indexes of its layers. Without it, what is learnt stays in memory.
    package var indexes: (any SeekIndexes)?

    /// The way in which layers may be decoded whole to find their size.
    package var firstPass = FirstPass.Policy()

    /// Options with which, unless said otherwise, everything is detected and decoded with the process's shared engine, and the image
    /// may name files in its own directory.
    public init(
        formats: [String] = [], engine: Engine = .shared, references: ReferencePolicy = .directory,
        referenceFormat: String? = nil
    ) {
        self.formats = formats
        self.engine = engine
        self.references = references
        self.referenceFormat = referenceFormat
    }

    /// The context of the outermost layer, except for its seek index and its references.
    var context: OpenContext {
        var context = OpenContext(
            engine: engine, opener: Registry(), options: formatOptions, indexes: indexes, warn: warn)
        context.firstPass = firstPass
        return context
    }
}
