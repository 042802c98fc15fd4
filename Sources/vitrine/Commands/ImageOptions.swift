import ArgumentParser
import VitrineFormats

/// The options of every command that opens one image.
struct ImageOptions: ParsableArguments {
    @Argument(help: "The disk image: a file or a block device.", completion: .file())
    var image: SystemString

    @OptionGroup var decoding: DecodingOptions

    @OptionGroup var indexes: IndexOptions

    @Option(
        help: ArgumentHelp(
            "Read the disk as it was in this snapshot inside the qcow2 image: its ID or its name.",
            valueName: "snapshot"))
    var snapshot: SystemString?

    @Flag(
        name: .customLong("recover"),
        help:
            "Open an image even if its end is missing or damaged. Reading what is missing is an error.")
    var recovers = false

    @Option(
        name: .customLong("sector-size"),
        help: ArgumentHelp(
            "Take the sectors that the partition table counts for so large: 512 or 4096 bytes. An MBR does not tell.",
            valueName: "bytes"))
    var sectorSize: UInt64?

    func validate() throws {
        if let sectorSize, !PartitionTable.sectorSizes.contains(sectorSize) {
            throw ValidationError("--sector-size takes 512 or 4096.")
        }
    }

    /// Opens the image, and those of the files it names that `references` allow.
    ///
    /// Shows how far decoding has come where opening takes that, unless the user wants it `quiet`. Decodes with the `usual` memory,
    /// unless the user says how much.
    func open(
        _ references: ReferenceOptions, quiet: Bool, memory usual: (MemoryAllowance) -> Int = \.defaultMemory
    ) throws(ImageError) -> OpenedImage {
        let engine = try decoding.startedEngine(usual)
        let store = IndexStore(indexes.choice)
        let progress = OpeningProgress(.suitable(quiet: quiet))
        defer { progress.finish() }
        let opened = try Image.open(image, openOptions(engine, store, references, progress))
        return OpenedImage(image: opened, engine: engine, store: store)
    }

    /// Describes the image. Opens no other file.
    func inspect() throws(ImageError) -> ImageDescription {
        let store = IndexStore(indexes.choice, isReadOnly: true)
        return try ImageDescription.inspect(image, openOptions(decoding.engine(), store, nil))
    }

    private func openOptions(
        _ engine: Engine, _ store: IndexStore, _ references: ReferenceOptions?,
        _ progress: OpeningProgress? = nil
    ) -> OpenOptions {
        var choices = FormatOptions()
        choices.snapshot = snapshot?.text
        choices.recovers = recovers
        var options = decoding.openOptions(engine, store, references, choices, progress: progress)
        options.sectorSize = sectorSize
        return options
    }
}

/// An image, and what it was opened with.
struct OpenedImage {
    let image: Image
    let engine: Engine
    let store: IndexStore
}
