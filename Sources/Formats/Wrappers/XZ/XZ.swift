extension Format {
    /// The .xz container (The .xz File Format 1.2.1).
    package static let xz = Format(
        name: "xz", kind: .wrapper, extensions: ["xz"],
        recognises: { $0.has(XZStreamFlags.headerMagic) }
    ) { (file, context) throws(ImageError) in
        let (container, cut) = try XZContainer.read(file, context)
        let source = XZSource(file, container, context.engine) { size in
            context.indexes?.index(of: file, format: "xz", depth: context.depth, size: size) {
                () throws(ImageError) in try container.digest(of: file)
            }
        }
        let structure = source.structure
        let properties: [Layer.Property] = [
            .init("compressed-size", "compressed", .bytes(file.size)),
            .init("streams", "streams", .number(UInt64(structure.streams))),
            .init("blocks", "blocks", .number(UInt64(structure.blocks.count))),
            .init("largest-block", "largest block", .bytes(structure.largestBlock)),
            .init("checks", "check", .texts(structure.checks.map(\.name))),
        ]
        let unknown = structure.checks.filter { !$0.isKnown }
        let warnings = unknown.map {
            "check \($0.name) is of a kind not known here: damage in the data may go unnoticed"
        }
        return Inspection(source, properties: properties, warnings: cut + warnings)
    }
}
