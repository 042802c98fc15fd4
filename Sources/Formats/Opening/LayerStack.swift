/// The layers of an image, found from the outermost in; the innermost, the disk, is not opened yet.
struct LayerStack {
    private(set) var layers: [Layer] = []

    /// What the layers warn of.
    private(set) var warnings: [String] = []

    /// The disk's own layer; where that is not decided, the last that is.
    let disk: Inspection

    /// The layers around the disk, as they are named in errors: `qcow2 in xz`.
    let place: String

    /// The layers of the image that `file` holds, which is called `name`; where it `describes`, as far as is decided which they are.
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

    /// The layers in `file`, of which the outermost are of the formats `forced`; any after these are detected, also by
    /// the `name` of the file, and by what a layer calls the file that it holds.
    init(
        _ name: String?, _ file: any Source, _ forced: [Format], _ context: OpenContext,
        describes: Bool = false
    ) throws(ImageError) {
        var (name, forced, context, source) = (name, forced[...], context, file)
        // What the file that the source is would be called if its layer had a name for it.
        var impliedName: String?
        while true {
            guard layers.count < Format.maximumLayers else { throw Format.tooManyLayers }
            let format =
                if let first = forced.popFirst() {
                    first
                } else {
                    try Self.detect(source, name: name, impliedName, in: layers.last?.format, &warnings)
                }
            let place = ([format.name] + layers.reversed().map(\.format)).joined(separator: " in ")
            let inspection = try inside(place) { () throws(ImageError) in
                if format.kind == .disk { try context.options.requireUse(by: format.options) }
                return try format.inspect(source, context)
            }
            warnings += inspection.warnings.map { "\(format.name): \($0)" }
            if format.kind == .disk || describes && inspection.isUndecided {
                // What a raw disk lies in is its layer's, and not the disk's too.
                layers.append(Layer(format.name, inspection, indexable: nil))
                disk = inspection
                self.place = place
                break
            }
            impliedName = inspection.contentName ?? name.flatMap(format.nameWithoutExtension)
            name = inspection.contentName
            context = inspection.contentContext ?? context
            // Inner layers are known by the outermost index, which does not tell members from one another.
            if format.hasMembers, layers.contains(where: { $0.indexable != nil }) { context.indexes = nil }
            source = try inside(place) { () throws(ImageError) in try inspection.open() }
            layers.append(Layer(format.name, inspection, indexable: source as? any Indexable))
            if !format.hasMembers { context.depth += 1 }
        }
        if let extra = forced.first {
            throw ImageError(
                .unsupported, "nothing is looked for inside a disk, so not \"\(extra.name)\" either")
        }
    }

    /// The format of what `source` holds, which the layer `outer` calls `name`, or would call `impliedName`.
    ///
    /// Where its head cannot be read, the rest of it may well be: it is a raw disk then, unless its name says something else. Throws
    /// what reading the head throws otherwise.
    private static func detect(
        _ source: any Source, name: String?, _ impliedName: String?, in outer: String?,
        _ warnings: inout [String]
    ) throws(ImageError) -> Format {
        let probe: FileProbe
        do throws(ImageError) {
            probe = try FileProbe(of: source)
        } catch {
            guard let outer, error.code == .corrupt || error.code == .io else { throw error }
            let format = Format.detect(FileProbe(head: []), name: impliedName)
            guard format.name == Format.raw.name else { throw error }
            warnings.append(
                "\(outer): the start of the disk cannot be read, so that what is in there is taken for a raw disk; "
                    + "the rest of it is served: \(error)")
            return format
        }
        return Format.detect(probe, name: name)
    }

    /// Opens the disk.
    func openDisk() throws(ImageError) -> any Source {
        try inside(place) { () throws(ImageError) in try disk.open() }
    }

    /// Reads the partition table of `disk`; what makes it unreadable is a warning, as the rest of the
    /// disk may well be readable.
    static func partitionTable(of disk: any Source, _ warnings: inout [String]) -> PartitionTable? {
        do throws(ImageError) {
            let table = try PartitionTable.read(disk)
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
