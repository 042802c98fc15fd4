import ArgumentParser
import VitrineFormats

/// The options of every command that opens an image.
struct ImageOptions: ParsableArguments {
    @Argument(help: "The disk image: a file or a block device.", completion: .file())
    var image: String

    @Option(
        help: ArgumentHelp(
            "Take the file for this format instead of detecting it.",
            discussion: """
                raw or xz. Several, separated by commas, are those of the outermost layers: \
                "raw" takes the file as it is for the disk, "xz,raw" what the xz file holds.
                """))
    var format: String?

    @Option(
        help: ArgumentHelp(
            "How much memory decoded data and decoders may take: bytes, or with K, M, G. "
                + "(default: \(byteCount(UInt64(Engine.defaultMemory))))",
            valueName: "size"))
    var memory: ByteSize?

    func validate() throws {
        if let memory, memory.bytes < Engine.minimumMemory {
            throw ValidationError("--memory takes \(byteCount(UInt64(Engine.minimumMemory))) or more.")
        }
    }

    /// Opens the image, and complains of what is odd about it.
    func open() throws -> OpenedImage {
        // Before the first thread takes memory.
        Allocator.useOneArena()
        let engine = Engine(memory: memory?.bytes ?? Engine.defaultMemory)
        let formats = format?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
        return OpenedImage(
            image: try Image.open(image, OpenOptions(formats: formats, engine: engine)), engine: engine)
    }
}

/// An image, and what it was opened with.
struct OpenedImage {
    let image: Image
    let engine: Engine
}
