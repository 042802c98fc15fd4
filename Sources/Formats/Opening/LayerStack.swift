/// The layers of an image, found from the outermost in; the innermost, the disk, is not opened yet.
struct LayerStack {
    private(set) var layers: [Layer] = []

    /// The warnings of the layers.
    private(set) var warnings: [String] = []

    /// The disk's own layer. If that is not decided, the last layer that is.
    let disk: Inspection

    /// The layers around the disk, as they are named in errors: `qcow2 in xz`.
    let place: String

    /// The layers of the image that `file` holds, which is called `name`. If it `describes`, it may end before the disk, at a layer
    /// that is not decided.
    init(
        _ name: String, _ file: any Source, _ options: OpenOptions, _ references: any References,
        describes: Bool = false
    ) throws(ImageError) {
        guard file.size > 0 else { throw ImageError(.corrupt, "the file is empty") }
        let forced = try options.formats.map { name throws(ImageError) in try Format.named(name) }
        var context = options.context
        context.indexes = options.indexes?.forImage(called: name)
        context.references = references
        try self.init(name, file, forced, context, describes: describes)
    }

    /// The layers in `file`. The outermost are of the formats `forced`; any after these are detected, also by the `name` of the file,
    /// and by the name that a layer has for the file that it holds.
    init(
        _ name: String?, _ file: any Source, _ forced: [Format], _ context: OpenContext,
        describes: Bool = false
    ) throws(ImageError) {
        var (name, forced, context, source) = (name, forced[...], context, file)
        // The name of the file in the source: the one that its layer has for it, or the outer name without an extension.
        var impliedName: String?
        while true {
            guard layers.count < Format.maximumLayers else { throw Format.tooManyLayers }
            let firstMissing = context.firstMissing
            context.firstMissing = nil
            let format =
                if let first = forced.popFirst() {
                    first
                } else {
                    try Self.detect(
                        source, until: firstMissing, name: name, impliedName, in: layers.last?.format,
                        &warnings)
                }
            if let firstMissing, format.handlesTruncation { source = try Slice(source, 0..<firstMissing) }
            let place = ([format.name] + layers.reversed().map(\.format)).joined(separator: " in ")
            let inspection = try inside(place) { () throws(ImageError) in
                if format.kind == .disk { try context.options.requireUse(by: format.options) }
                return try format.inspect(source, context)
            }
            warnings += inspection.warnings.map { "\(format.name): \($0)" }
            if format.kind == .disk, let recorded = context.recordedDisk {
                warnings += recorded.warnings(format: format.name, size: inspection.size)
            }
            if format.kind == .disk || describes && inspection.isUndecided {
                // The source of a raw disk is that of the layer around it, which is listed as indexable already.
                layers.append(Layer(format.name, inspection, indexable: nil))
                disk = inspection
                self.place = place
                break
            }
            impliedName = inspection.contentName ?? name.flatMap(format.nameWithoutExtension)
            name = inspection.contentName
            context = inspection.contentContext ?? context
            // The fingerprint of an inner layer follows from the outermost one's, which does not tell members from one another.
            if format.hasMembers, layers.contains(where: { $0.indexable != nil }) { context.indexes = nil }
            source = try inside(place) { () throws(ImageError) in try inspection.open() }
            layers.append(Layer(format.name, inspection, indexable: source as? any Indexable))
            if !format.hasMembers { context.depth += 1 }
        }
        if let extra = forced.first {
            throw ImageError(
                .unsupported,
                "\"\(extra.name)\" is given as the format inside a disk, but vitrine looks for no format "
                    + "there")
        }
    }

    /// Detects the format of `source`, which the layer `outer` calls `name`, or would call `impliedName`. It may be missing from
    /// `firstMissing` on.
    ///
    /// If its head cannot be read, the rest of it may be readable: it is a raw disk then, unless its name says something else.
    /// Otherwise throws what reading the head throws.
    private static func detect(
        _ source: any Source, until firstMissing: UInt64?, name: String?, _ impliedName: String?,
        in outer: String?, _ warnings: inout [String]
    ) throws(ImageError) -> Format {
        let probe: FileProbe
        do throws(ImageError) {
            probe = try FileProbe(of: source, until: firstMissing)
        } catch {
            guard let outer, error.code == .corrupt || error.code == .io else { throw error }
            let format = Format.detect(FileProbe(head: []), name: impliedName)
            guard format.name == Format.raw.name else { throw error }
            warnings.append(
                "\(outer): the start of the disk cannot be read, so vitrine treats the disk as a raw one, "
                    + "and serves the rest of it: \(error)")
            return format
        }
        let format = Format.detect(probe, name: name)
        if let doubt = format.doubt(probe) { warnings.append("\(format.name): \(doubt)") }
        return format
    }

    /// Opens the disk.
    func openDisk() throws(ImageError) -> any Source {
        try inside(place) { () throws(ImageError) in try disk.open() }
    }

    /// Reads the partition table of `disk`, whose sectors have `sectorSize` bytes, unless that is nil. If that fails, adds a warning, because the rest of the disk may be readable.
    static func partitionTable(
        of disk: any Source, sectorSize: UInt64?, _ warnings: inout [String]
    ) -> PartitionTable? {
        do throws(ImageError) {
            let table = try PartitionTable.read(disk, sectorSize: sectorSize)
            warnings += table?.warnings.map { "partition table: \($0)" } ?? []
            return table
        } catch {
            warnings.append("partition table: \(error)")
            return nil
        }
    }
}

extension Layer {
    fileprivate init(_ format: String, _ inspection: Inspection, indexable: (any Indexable)?) {
        self.init(
            format: format, size: inspection.size, properties: inspection.properties,
            references: inspection.references, indexable: indexable)
    }
}
