/// How to open an image.
public struct OpenOptions: Sendable {
    /// The formats of the outermost layers, outermost first, where they are not to be detected;
    /// `["raw"]` takes the file as it is for the disk.
    public var formats: [String]

    /// The threads and the memory to decode with.
    public var engine: Engine

    /// The internal snapshot to open in place of the disk's present state, by its ID or else its name.
    public var snapshot: String?

    /// Where the seek indexes of its layers are found; without, what is learnt stays in memory.
    package var indexes: (any SeekIndexes)?

    /// Everything detected, and decoded with the process's shared engine, unless said otherwise.
    public init(formats: [String] = [], engine: Engine = .shared, snapshot: String? = nil) {
        self.formats = formats
        self.snapshot = snapshot
        self.engine = engine
    }
}
