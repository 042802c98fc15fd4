/// A disk image, opened: random access to the disk inside, whatever it is wrapped in.
///
///     let image = try Image.open("disk.raw.xz")
///     var sector = [UInt8](repeating: 0, count: 512)
///     try image.read(into: &sector, at: 0)
///
/// Reading is thread-safe, and synchronous: a read that has to decode takes as long as that takes.
public final class Image: Sendable {
    /// What the user calls it: the last part of the path.
    public let name: String

    /// The formats it is made of, outermost first; the last is the disk's own.
    public let layers: [Layer]

    /// The partitions of the disk, if it has a partition table.
    public let partitionTable: PartitionTable?

    /// What the user should know before relying on it, a sentence each.
    public let warnings: [String]

    /// The layers in which seeking gets faster once they are indexed, outermost first.
    package let indexables: [any Indexable]

    /// The file that holds it all.
    package let file: any Source

    /// The other files that it is read from.
    package let referencedFiles: Set<FileIdentity>

    /// The disk inside.
    package let disk: any Source

    /// The size of the disk, in bytes.
    public var size: UInt64 { disk.size }

    /// What it is made of, innermost first, such as `raw in xz`.
    public var stack: String { layers.reversed().map(\.format).joined(separator: " in ") }

    /// Opens the image in the file or block device at `path`, detecting what it is made of.
    ///
    /// Throws an `ImageError` that names the file, the layer and what is wrong with it.
    public static func open(_ path: String, _ options: OpenOptions = OpenOptions()) throws(ImageError)
        -> Image
    {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return try inside(path) { () throws(ImageError) in
            // First the directory, so that what the image names is looked for where the image was.
            let (folder, base) = Directory.split(path)
            let directory = try Directory(path: folder)
            let file = try directory.file(named: base)
            let gate = try ReferenceGate(directory, base, file.stamp()?.identity, options)
            return try Image(name, file, options, gate)
        }
    }

    /// Opens the image that `file` holds, and what it names through `gate`; without one, nothing.
    package init(
        _ name: String, _ file: any Source, _ options: OpenOptions, _ gate: ReferenceGate? = nil
    ) throws(ImageError) {
        guard file.size > 0 else { throw ImageError(.corrupt, "the file is empty") }
        let indexes = options.indexes?.forImage(called: name)
        let references = gate?.references ?? RefusedReferences()
        var forced = options.formats[...]
        var layers: [Layer] = []
        var indexables: [any Indexable] = []
        var warnings: [String] = []
        var source = file
        while true {
            guard layers.count < Format.maximumLayers else { throw Format.tooManyLayers }
            let format =
                if let name = forced.popFirst() {
                    try Format.named(name)
                } else {
                    // The name is the outermost file's.
                    Format.detect(try Format.head(of: source), name: layers.isEmpty ? name : nil)
                }
            let place = ([format.name] + layers.reversed().map(\.format)).joined(separator: " in ")
            let opened = try inside(place) { () throws(ImageError) in
                try format.open(
                    source,
                    OpenContext(
                        engine: options.engine, indexes: indexes, depth: layers.count, references: references)
                )
            }
            // What a raw disk lies in is its layer's, and not the disk's too.
            let indexable = opened.source === source ? nil : opened.source as? any Indexable
            source = opened.source
            if let indexable { indexables.append(indexable) }
            warnings += opened.warnings.map { "\(format.name): \($0)" }
            layers.append(
                Layer(
                    format: format.name, size: source.size, properties: opened.properties,
                    indexable: indexable))
            if format.kind == .disk { break }
        }
        if let extra = forced.first {
            throw ImageError(.unsupported, "nothing is looked for inside a disk, so not \"\(extra)\" either")
        }
        warnings += gate?.warnings ?? []
        self.name = name
        self.file = file
        referencedFiles = gate?.files ?? []
        self.layers = layers
        self.indexables = indexables
        disk = source
        do throws(ImageError) {
            partitionTable = try PartitionTable.read(source)
            warnings += partitionTable?.warnings.map { "partition table: \($0)" } ?? []
        } catch {
            // The rest of the disk may well be readable.
            partitionTable = nil
            warnings.append("partition table: \(error)")
        }
        self.warnings = warnings
    }

    /// Fills all of `buffer` from `offset`, in bytes from the start of the disk.
    ///
    /// Throws `outOfRange` when that passes the end, and whatever makes the bytes unreadable
    /// otherwise; the rest of the disk stays readable.
    public func read(into buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        try disk.read(into: &buffer, at: offset)
    }

    /// Fills all of `buffer` from `offset`, in bytes from the start of the disk.
    ///
    /// Throws as `read(into:at:)` with a span does.
    public func read(into buffer: inout [UInt8], at offset: UInt64) throws(ImageError) {
        var span = buffer.mutableSpan
        try disk.read(into: &span, at: offset)
    }

    /// The extent at the start of `range`, clipped to `range`: data, zeroes or a hole.
    ///
    /// Decodes nothing to answer. Throws `outOfRange` unless `range` lies inside the disk and is not empty.
    public func extent(in range: Range<UInt64>) throws(ImageError) -> Extent {
        guard !range.isEmpty, range.upperBound <= size else {
            throw ImageError(
                .outOfRange,
                "bytes \(range.lowerBound) to \(range.upperBound) are empty or pass the end at \(size)")
        }
        return try disk.extent(in: range)
    }
}
