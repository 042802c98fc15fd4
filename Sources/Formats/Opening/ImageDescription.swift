/// The facts about a disk image, found without opening any other file. It also describes an image that cannot be served, such as
/// one that is encrypted, or names a file that is not there.
public struct ImageDescription: Sendable {
    /// The user's name for it: the last part of the path.
    public let name: String

    /// The formats it is made of, outermost first; the last is the disk's own, or an archive that holds several.
    public let layers: [Layer]

    /// The facts that take a walk through the tables of the disk's format, such as how much of the disk is allocated; in a fixed
    /// order.
    public let details: [Layer.Property]

    /// The partitions of the disk, if it has a partition table that can be read without other files.
    public let partitionTable: PartitionTable?

    /// The reason that no partition table was looked for. Nil if one was.
    public let partitionTableReason: ImageError?

    /// The file systems and logical volumes of the disk. Nil if no partition table was looked for.
    package let contents: DiskContents?

    /// The texts that the user should know before relying on it, a sentence each.
    public let warnings: [String]

    /// The file that holds all of it, with the layers in it.
    package let file: ImageFile

    /// The size of the disk, or of the archive that holds several, in bytes. Nil if it is not known before all of a layer has been
    /// decoded.
    public var size: UInt64? { layers.last?.size }

    /// The formats it is made of, innermost first, such as `raw in xz`.
    public var stack: String { Layer.stack(layers) }

    /// Describes the image in the file or block device at `path`.
    ///
    /// Throws an `ImageError` that names the file, the layer and what is wrong with it, if that leaves nothing to describe.
    public static func inspect(
        _ path: SystemString, _ options: OpenOptions = OpenOptions()
    ) throws(ImageError) -> ImageDescription {
        try inside("\(path)") { () throws(ImageError) in
            try ImageDescription(path.fileName, try FileSource(path: path), options)
        }
    }

    /// Describes the image in the file or block device at `path`, which is UTF-8.
    public static func inspect(
        _ path: String, _ options: OpenOptions = OpenOptions()
    ) throws(ImageError) -> ImageDescription {
        try inspect(SystemString(path), options)
    }

    /// Describes the image that `file` holds.
    package init(_ name: String, _ file: any Source, _ options: OpenOptions) throws(ImageError) {
        var options = options
        options.firstPass.isAllowed = false
        let stack = try LayerStack(name, file, options, RefusedReferences(), describes: true)
        self.name = name
        let root = ImageFile(name, file)
        root.note(stack.layers)
        self.file = root
        layers = stack.layers
        let found = stack.disk.details()
        details = found.properties
        var warnings = stack.warnings + found.warnings.map { "\(stack.layers.last?.format ?? ""): \($0)" }
        warnings += root.warning.map { [$0] } ?? []
        if stack.disk.references.isEmpty {
            do throws(ImageError) {
                let disk = try stack.openDisk()
                let table = LayerStack.partitionTable(
                    of: disk, sectorSize: options.sectorSize, &warnings)
                partitionTable = table
                partitionTableReason = nil
                let found = DiskContents(of: disk, table)
                contents = found
                warnings += found.warnings
            } catch {
                partitionTable = nil
                contents = nil
                var reason = error
                reason.add(["the disk cannot be opened"])
                partitionTableReason = reason
            }
        } else {
            partitionTable = nil
            contents = nil
            partitionTableReason = ImageError(
                .refused, "the image names other files, and none is opened to describe it")
        }
        self.warnings = warnings
    }
}
