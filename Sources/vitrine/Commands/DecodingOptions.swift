import ArgumentParser
import VitrineFormats

/// The options of every command that decodes.
struct DecodingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Treat the file as this format instead of detecting it.",
            discussion: """
                One of \(Format.known.map(\.name).joined(separator: ", ")). \
                For a file with several layers, separate the formats by commas, the outermost first: \
                "raw" treats the file itself as the disk, "xz,raw" the content of the xz file.
                """))
    var format: String?

    @Option(
        help: ArgumentHelp(
            "The most memory for decoded data and decoders: in bytes, or with K, M or G, such as 512M. "
                + "(default: \(byteCount(UInt64(Engine.defaultMemory))), "
                + "or less if a control group or ulimit -v leaves less; to mount, more if there is much)",
            valueName: "size"))
    var memory: ByteSize?

    @Option(
        help: ArgumentHelp(
            "Read this file of the archive (tar, OVA) as the image. Needed if the archive holds several "
                + "disks.",
            valueName: "name"))
    var member: SystemString?

    func validate() throws {
        if let memory, memory.bytes < Engine.minimumMemory {
            throw ValidationError("--memory takes \(byteCount(UInt64(Engine.minimumMemory))) or more.")
        }
    }

    /// The threads and the memory to decode with, for the whole process. Unless the user says how much, the memory is as much as
    /// `usual` tells.
    func engine(_ usual: (MemoryAllowance) -> Int = \.defaultMemory) -> Engine {
        let memory = memory?.bytes ?? usual(MemoryAllowance())
        Allocator.prepare(forDecoding: memory)
        return Engine(memory: memory)
    }

    /// The engine with its threads running, with the `usual` memory unless the user says how much.
    ///
    /// Throws if the system does not give as many threads: data that they should decode would never come.
    func startedEngine(_ usual: (MemoryAllowance) -> Int = \.defaultMemory) throws(ImageError) -> Engine {
        let engine = engine(usual)
        guard engine.workers.startThreads() else { throw ImageError(.limit, Thread.shortage) }
        return engine
    }

    /// The options to open images with. `store` finds their seek indexes. `references` says which of the files they name are opened:
    /// none if it is nil. `choices` are options of formats that are not of every command. `progress` shows how far decoding has come
    /// where opening takes that.
    func openOptions(
        _ engine: Engine, _ store: IndexStore, _ references: ReferenceOptions? = nil,
        _ choices: FormatOptions = FormatOptions(), progress: OpeningProgress? = nil
    ) -> OpenOptions {
        let formats = format?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
        var options = OpenOptions(
            formats: formats, engine: engine, references: references?.policy ?? .none,
            referenceFormat: references?.referenceFormat)
        options.formatOptions = choices
        options.formatOptions.ignoresContentID = references?.ignoresContentID ?? false
        options.backingFiles = references?.backingFiles ?? []
        options.indexes = store.indexes
        options.formatOptions.member = member
        if let progress { options.firstPass = progress.policy }
        options.warn = { complain("warning: \($0)") }
        return options
    }
}
