import VitrineFormats

/// Opens whatever an image names: what comes next in the input.
struct InputImageReferences: References {
    private static let maximumDepth = 4

    private let images: InputImages
    private let engine: Engine
    private let depth: Int

    /// The references of the first of `images`, which is `depth` references away from the outermost.
    init(_ images: InputImages, _ engine: Engine, depth: Int = 0) {
        self.images = images
        self.engine = engine
        self.depth = depth
    }

    func open(_ reference: Reference) throws(ImageError) -> any Source {
        guard depth < Self.maximumDepth, let next = images.next else {
            throw ImageError(.io, "\(reference.text) is not there")
        }
        guard reference.role == .backingFile, reference.format != "raw" else { return next.file }
        let context = OpenContext(
            engine: engine, opener: Registry(),
            references: InputImageReferences(next, engine, depth: depth + 1))
        return try Format.named(next.format).inspect(next.file, context).open()
    }
}
