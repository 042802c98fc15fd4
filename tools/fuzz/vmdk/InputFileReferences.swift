import VitrineFormats

/// Opens whatever an image names: what comes later in the input.
struct InputFileReferences: References {
    private static let maximumDepth = 4

    private let files: InputFiles
    private let engine: Engine
    private let options: OpenOptions
    private let depth: Int

    /// The references of the first of `files`, which is `depth` references away from the outermost.
    init(_ files: InputFiles, _ engine: Engine, _ options: OpenOptions, depth: Int = 0) {
        self.files = files
        self.engine = engine
        self.options = options
        self.depth = depth
    }

    func open(_ reference: Reference) throws(ImageError) -> any Source {
        guard depth < Self.maximumDepth, let named = files.named(reference.name) else {
            throw ImageError(.io, "\(reference.text) is not there")
        }
        guard reference.role == .parent else { return named.file }
        var context = OpenContext(
            engine: engine, opener: Registry(), options: options.formatOptions,
            references: InputFileReferences(named, engine, options, depth: depth + 1))
        context.contentID = reference.contentID
        return try Format.vmdk.inspect(named.file, context).open()
    }
}
