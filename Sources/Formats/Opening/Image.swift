/// A disk image, opened: random access to the disk inside, whatever it is wrapped in.
///
///     let image = try Image.open("disk.raw.xz")
///     var sector = [UInt8](repeating: 0, count: 512)
///     try image.read(into: &sector, at: 0)
///
/// Reading is thread-safe, and synchronous: a read that must decode takes as long as that takes.
public final class Image: Sendable {
    /// The user's name for it: the last part of the path.
    public let name: String

    /// The formats it is made of, outermost first; the last is the disk's own.
    public let layers: [Layer]

    /// The partitions of the disk, if it has a partition table.
    public let partitionTable: PartitionTable?

    /// The texts that the user should know before relying on it, a sentence each.
    public let warnings: [String]

    /// The file that the user named, with the layers in it, and the files that it names.
    package let file: ImageFile

    /// The identities of the files of the system that it is read from besides that one.
    package var referencedFiles: Set<FileIdentity> {
        Set(file.all.dropFirst().compactMap(\.file?.identity))
    }

    /// The disk inside.
    package let disk: any Source

    /// The size of the disk, in bytes.
    public var size: UInt64 { disk.size }

    /// The formats it is made of, innermost first, such as `raw in xz`.
    public var stack: String { Layer.stack(layers) }

    /// The dirty bitmaps that the disk's format keeps for it.
    package var bitmaps: [any DirtyBitmap] { disk.bitmaps }

    /// Opens the image in the file or block device at `path`, and detects what it is made of.
    ///
    /// Throws an `ImageError` that names the file, the layer and what is wrong with it.
    public static func open(
        _ path: SystemString, _ options: OpenOptions = OpenOptions()
    ) throws(ImageError) -> Image {
        try inside("\(path)") { () throws(ImageError) in
            // The directory comes first, so that the files that the image names are looked for where the image was.
            let (folder, base) = Directory.split(path)
            let directory = try Directory(path: folder)
            let file = try directory.file(named: base)
            let gate = try ReferenceGate(directory, base, file.identity, options)
            let image = try Image(path.fileName, file, options, gate)
            try gate.requireUseOfBackingFiles()
            return image
        }
    }

    /// Opens the image in the file or block device at `path`, which is UTF-8.
    public static func open(
        _ path: String, _ options: OpenOptions = OpenOptions()
    ) throws(ImageError) -> Image {
        try open(SystemString(path), options)
    }

    /// Opens the image that `file` holds, and the files it names through `gate`. Without one, through `references`, which open none.
    package init(
        _ name: String, _ file: any Source, _ options: OpenOptions, _ gate: ReferenceGate? = nil,
        references: any References = RefusedReferences()
    ) throws(ImageError) {
        let root = ImageFile(name, file)
        let stack = try LayerStack(name, file, options, gate?.references(of: root) ?? references)
        root.note(stack.layers)
        self.name = name
        self.file = root
        layers = stack.layers
        disk = try stack.openDisk()
        var warnings = stack.warnings + (gate?.warnings ?? []) + root.all.compactMap(\.warning)
        partitionTable = LayerStack.partitionTable(of: disk, sectorSize: options.sectorSize, &warnings)
        self.warnings = warnings
    }

    /// The logical volumes of the disk, and the disks in its partitions and volumes, as far as finding them takes little time.
    ///
    /// If the disk must be decoded, they are looked for only in partitions whose type says that they have volumes.
    package func contents() -> DiskContents {
        DiskContents(
            of: disk, partitionTable,
            numbers: disk.cost.isLow ? nil : DiskContents.volumePartitions(partitionTable))
    }

    /// Fills all of `buffer` from `offset`, in bytes from the start of the disk.
    ///
    /// Throws `outOfRange` if that passes the end, and otherwise whatever makes the bytes unreadable; the rest of the disk stays
    /// readable.
    public func read(into buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        try disk.read(into: &buffer, at: offset)
    }

    /// Fills all of `buffer` from `offset`, in bytes from the start of the disk.
    ///
    /// Throws the same as `read(into:at:)` with a span.
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
