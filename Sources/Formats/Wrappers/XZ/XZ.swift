extension Format {
    /// The .xz container (The .xz File Format 1.2.1).
    package static let xz = Format(
        name: "xz", kind: .wrapper, extensions: ["xz"], seekKind: .xz, handlesTruncation: true,
        recognises: { $0.has(XZStreamFlags.headerMagic) }
    ) { (file, context) throws(ImageError) in
        let (container, cut) = try XZContainer.read(file, context)
        let scheme = XZScheme(file, container)
        let index = context.indexes?.index(
            of: file, .xz, depth: context.depth, size: scheme.size
        ) { () throws(ImageError) in try scheme.digest() }
        let source = SeekableSource(scheme, context.engine, index)
        let properties: [Layer.Property] = [
            .init("compressed-size", "compressed", .bytes(file.size)),
            .init("streams", "streams", .number(UInt64(container.streams))),
            .init("blocks", "blocks", .number(UInt64(container.blocks.count))),
            .init("largest-block", "largest block", .bytes(container.largestBlock)),
            .init("checks", "check", .texts(container.checks.map(\.name))),
        ]
        let unknown = container.checks.filter { !$0.isKnown }
        let warnings = unknown.map {
            "the check is \($0.name), which vitrine cannot verify: damage in the data may go unnoticed"
        }
        return Inspection(source, properties: properties, warnings: cut + warnings)
    }
}
