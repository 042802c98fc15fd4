/// The layers of an image, found from the outermost in; the innermost, the disk, is not opened yet.
struct LayerStack {
    private(set) var layers: [Layer] = []

    /// What the layers warn of.
    private(set) var warnings: [String] = []

    /// The disk's own layer.
    let disk: Inspection

    /// The layers around the disk, as they are named in errors: `qcow2 in xz`.
    let place: String

    /// The layers of the image that `file` holds, which is called `name`.
    init(
        _ name: String, _ file: any Source, _ options: OpenOptions, _ references: any References
    ) throws(ImageError) {
        guard file.size > 0 else { throw ImageError(.corrupt, "the file is empty") }
        let forced = try options.formats.map { name throws(ImageError) in try Format.named(name) }
        let context = OpenContext(
            engine: options.engine, indexes: options.indexes?.forImage(called: name),
            references: references, snapshot: options.snapshot)
        try self.init(name, file, forced, context)
    }

    /// The layers in `file`, of which the outermost are of the formats `forced`; any after these are detected, also by
    /// the `name` of the file.
    init(
        _ name: String?, _ file: any Source, _ forced: [Format], _ context: OpenContext
    ) throws(ImageError) {
        var (forced, context, source) = (forced[...], context, file)
        while true {
            guard layers.count < Format.maximumLayers else { throw Format.tooManyLayers }
            // The name is the outermost file's.
            let format =
                if let first = forced.popFirst() {
                    first
                } else {
                    Format.detect(try Format.head(of: source), name: layers.isEmpty ? name : nil)
                }
            let place = ([format.name] + layers.reversed().map(\.format)).joined(separator: " in ")
            context.depth = layers.count
            let inspection = try inside(place) { () throws(ImageError) in
                if format.kind == .disk, context.snapshot != nil, !format.hasSnapshots {
                    throw ImageError(.unsupported, "this format has no snapshots that could be opened")
                }
                return try format.inspect(source, context)
            }
            warnings += inspection.warnings.map { "\(format.name): \($0)" }
            if format.kind == .disk {
                // What a raw disk lies in is its layer's, and not the disk's too.
                layers.append(Layer(format.name, inspection, indexable: nil))
                disk = inspection
                self.place = place
                break
            }
            source = try inside(place) { () throws(ImageError) in try inspection.open() }
            layers.append(Layer(format.name, inspection, indexable: source as? any Indexable))
        }
        if let extra = forced.first {
            throw ImageError(
                .unsupported, "nothing is looked for inside a disk, so not \"\(extra.name)\" either")
        }
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
