extension Format {
    /// A gzip file (RFC 1952).
    package static let gzip = Format(
        name: "gzip", kind: .wrapper, extensions: ["gz", "tgz"], seekKind: .gzip,
        handlesTruncation: true,
        recognises: { $0.has(GzipHeader.magic + [GzipHeader.deflate]) }
    ) { (file, context) throws(ImageError) in
        var fault = GzipHeader.Fault.content
        var reader = ByteReader(file, 0..<file.size)
        let header = try GzipHeader(at: 0, &fault) { () throws(ImageError) in
            reader.hasMore ? try reader.next("header") : nil
        }
        let name = header.name.map { printable(String(decoding: $0, as: UTF8.self)) }
        var properties: [Layer.Property] = [.init("compressed-size", "compressed", .bytes(file.size))]
        if let name { properties.append(.init("original-name", "name", .text(name))) }
        let index = context.indexes?.index(of: file, .gzip, depth: context.depth, size: nil)
        let scheme = GzipScheme(file, recovers: context.options.recovers)
        guard let opened = try FirstPass.open(scheme, context.engine, index, context.firstPass) else {
            return Inspection(
                undecided: ImageError(
                    .unsupported, "the size of the data is not known until all of it has been decoded once"),
                size: nil, properties: properties, warnings: [])
        }
        return Inspection(opened.source, properties: properties, warnings: opened.warnings)
    }
}
