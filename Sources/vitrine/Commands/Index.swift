import ArgumentParser
import Glibc
import VitrineFormats
import VitrineIndex

/// `vitrine index`
struct Index: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes seek indexes, so that any byte of a compressed image can be read in a moment.",
        discussion: """
            Without an index, reading far into a gzip file or a long xz block means decoding everything \
            before it. This command decodes each image once, on all cores (a gzip file on one), and keeps \
            the places from which decoding can start. You can interrupt it: it keeps what it has done, and \
            the next run continues from there. The other commands recognise an image by its content, so \
            they find its index even if you rename or move the image.

            vitrine serve makes the index too, while it serves. This command makes it beforehand.

            Examples:

              vitrine index disk.raw.xz
              vitrine index *.xz --verify
              vitrine index disk.raw.xz --output disk.raw.xz.sidx
              vitrine index --list
              vitrine index --prune --limit 0
            """)

    @Argument(help: "The disk images: files or block devices.", completion: .file())
    var images: [SystemString] = []

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Write the index of one image to this file instead of the cache. The other commands use it with "
                + "--index.",
            valueName: "path"),
        completion: .file())
    var output: SystemString?

    @Flag(help: "Decode everything through the index, and compare it with the data that was indexed.")
    var verify = false

    @Flag(help: "List the indexes in the cache, the most recently used first.")
    var list = false

    @Flag(help: "Remove the indexes used longest ago, until the cache is no larger than --limit.")
    var prune = false

    @Option(
        help: ArgumentHelp(
            "The size to which --prune reduces the cache: in bytes, or with K, M or G, such as 512M. "
                + "(default: \(byteCount(IndexCache.defaultLimit)))",
            valueName: "size"))
    var limit: ByteSize?

    @OptionGroup var decoding: DecodingOptions

    @OptionGroup var references: ReferenceOptions

    @Flag(name: .shortAndLong, help: "Print only warnings and errors.")
    var quiet = false

    func validate() throws {
        if images.isEmpty && !list && !prune {
            throw ValidationError("Give the images to index, or --list or --prune.")
        }
        if !images.isEmpty && (list || prune) {
            throw ValidationError("--list and --prune are about the cache: give no images with them.")
        }
        if limit != nil && !prune { throw ValidationError("--limit can only be used with --prune.") }
        if output != nil && images.count > 1 {
            throw ValidationError(
                "--output is for the index of one image, but there are \(images.count) images.")
        }
        if output == "" { throw ValidationError("--output takes the path of a file.") }
    }

    func run() throws {
        StandardFiles.open()
        if list || prune { return try reportingErrors { try tidyUp() } }
        // First, because threads inherit the signals that are blocked.
        let signals = EndSignals()
        let engine = try reportingErrors { try decoding.startedEngine() }
        let stop = Monitor<Int32?>(nil)
        signals.onSignal { signal in
            let isSecond = stop.withLock { first in
                defer { first = first ?? signal }
                return first != nil
            }
            // A user who asks twice does not want to wait for what is under way.
            guard isSecond else { return }
            StandardError.clearFleeting()
            _exit(EndSignals.exitStatus(signal))
        }
        let store = IndexStore(
            output.map { .path($0) } ?? .automatic, compressionLevel: IndexStore.thoroughCompression)
        var hasFailed = false
        for path in images where stop.withLock({ $0 == nil }) {
            do {
                try index(path, engine, store) { stop.withLock { $0 != nil } }
            } catch {
                complain(words(error))
                hasFailed = true
            }
        }
        if let signal = stop.withLock({ $0 }) { throw ExitCode(EndSignals.exitStatus(signal)) }
        if hasFailed { throw ExitCode(1) }
    }

    /// Indexes one image.
    private func index(
        _ path: SystemString, _ engine: Engine, _ store: IndexStore, isStopped: @escaping @Sendable () -> Bool
    ) throws {
        let written = output.map { [WrittenPath("--output", $0)] } ?? []
        try WrittenPath.requireDistinct(written, from: path)
        let progress = OpeningProgress(.suitable(quiet: quiet), isStopped: isStopped)
        let image: Image
        do {
            defer { progress.finish() }
            image = try Image.open(
                path, decoding.openOptions(engine, store, references, progress: progress))
        } catch {
            // What it has found out is saved when it goes.
            guard isStopped(), error.code == .refused else { throw error }
            return tell(
                "\(path): stopped; the index so far is kept, and the same command continues from there")
        }
        for warning in image.warnings { complain("warning: \(path): \(warning)") }
        try WrittenPath.requireDistinct(written, from: image.referencedFiles)
        let layers = Self.layers(of: image, path)
        guard !layers.isEmpty else {
            return tell(
                "\(path): needs no index: it is not compressed, or an index does not help with its "
                    + "compression")
        }
        // Inner layers are read through the outer ones, which should be fast by then.
        for (title, layer, fileSize) in layers where !isStopped() {
            let indexing = Indexing(
                title: title, layer: layer, style: .suitable(quiet: quiet), isStopped: isStopped)
            try run(indexing, imageSize: fileSize) { () throws(ImageError) in
                try inside("\(path)") { () throws(ImageError) in try store.save(layer) }
            }
        }
    }

    /// The layers to be indexed, of the image at `path` and of the files it names, with their names in messages and the sizes of
    /// their files in bytes.
    private static func layers(
        of image: Image, _ path: SystemString
    ) -> [(title: String, layer: any Indexable, fileSize: UInt64)] {
        let found = image.file.indexables
        return found.map { file, stack, layer in
            // A layer that is the only one needs no name of its own.
            let parts =
                found.count == 1 && file === image.file
                ? [] : [file === image.file ? nil : file.name, stack].compactMap { $0 }
            return (([path.description] + parts).joined(separator: ": "), layer, file.source.size)
        }
    }

    private func run(
        _ indexing: Indexing, imageSize: UInt64, save: () throws(ImageError) -> UInt64?
    ) throws {
        let title = indexing.title
        let built = Result { () throws(ImageError) in try indexing.build() }
        // If something cannot be decoded, the rest is indexed nevertheless.
        let fileSize = try save()
        if let elapsed = try built.get() {
            let state = indexing.layer.indexState
            if !state.isComplete && indexing.isStopped() { return tell(IndexReport.stopped(title, state)) }
            guard state.isComplete else {
                throw CommandError(
                    "\(title): only \(byteCount(state.indexed)) of \(byteCount(state.size)) could be indexed: the seek index takes no more"
                )
            }
            tell(IndexReport.built(title, state, elapsed, fileSize: fileSize, imageSize: imageSize))
        } else if let elapsed = indexing.layer.indexState.firstPass {
            let state = indexing.layer.indexState
            tell(IndexReport.built(title, state, elapsed, fileSize: fileSize, imageSize: imageSize))
        } else {
            tell(IndexReport.complete(title, indexing.layer.indexState))
        }
        guard verify, let worst = try indexing.verify() else { return }
        tell(IndexReport.verified(title, indexing.layer.indexState, worst: worst))
    }

    /// Lists or prunes the cache.
    private func tidyUp() throws {
        guard let cache = IndexCache() else {
            throw CommandError(
                "there is no cache of seek indexes: neither XDG_CACHE_HOME nor HOME names a folder that "
                    + "belongs to this user")
        }
        if prune {
            let gone = cache.prune(to: limit.map { UInt64($0.bytes) } ?? IndexCache.defaultLimit)
            tell(IndexCacheReport.pruned(gone, left: try cache.entries()))
        }
        if list {
            var now = timespec()
            unsafe clock_gettime(CLOCK_REALTIME, &now)
            tell(
                IndexCacheReport.list(
                    try cache.entries(), in: cache.path, now: Int64(now.tv_sec) * 1_000_000_000))
        }
    }

    private func tell(_ text: String) {
        if !quiet { say(text) }
    }
}
