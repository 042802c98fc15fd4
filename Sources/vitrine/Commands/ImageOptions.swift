import ArgumentParser
import VitrineFormats

/// The options of every command that opens one image.
struct ImageOptions: ParsableArguments {
    @Argument(help: "The disk image: a file or a block device.", completion: .file())
    var image: String

    @OptionGroup var decoding: DecodingOptions

    @OptionGroup var indexes: IndexOptions

    /// Opens the image, with the files it names that `references` allow: none without.
    func open(_ references: ReferenceOptions?) throws(ImageError) -> OpenedImage {
        let engine = decoding.engine()
        let store = IndexStore(indexes.choice)
        return OpenedImage(
            image: try decoding.open(image, engine, store, references), engine: engine, store: store)
    }
}

/// An image, and what it was opened with.
struct OpenedImage {
    let image: Image
    let engine: Engine
    let store: IndexStore
}
