extension Format {
    /// qcow, the format before qcow2.
    package static let qcow1 = Format(
        name: "qcow", kind: .disk, extensions: ["qcow"],
        recognises: { $0.starts(with: QCOW1Header.start) }
    ) { (file, context) throws(ImageError) in
        let header = try QCOW1Header(file)
        let properties: [Layer.Property] =
            [
                .init("version", "version", .number(1)),
                .init("cluster-size", "cluster size", .bytes(header.layout.clusterSize)),
                .init("encryption", "encryption", .text(header.isEncrypted ? "aes" : "none")),
            ] + QCOW2Image.properties(of: header.backingFile)
        return Inspection(
            size: header.size, properties: properties,
            warnings: header.isEncrypted ? ["the disk is encrypted (AES)"] : [],
            references: header.backingFile.map { [$0] } ?? [],
            details: {
                ClusterUsage(
                    file, header.layout, l1Offset: header.l1.offset, size: header.size,
                    counts: context.depth == 0
                ).properties
            },
            open: { () throws(ImageError) in try header.open(file, context) })
    }
}

extension QCOW1Header {
    /// Opens the disk, and its backing file.
    fileprivate func open(_ file: any Source, _ context: OpenContext) throws(ImageError) -> any Source {
        guard !isEncrypted else {
            throw ImageError(
                .unsupported, "the disk is encrypted (AES): it can be described, but not read")
        }
        let backing = try backingFile.map { (reference) throws(ImageError) in
            BackingFile(
                source: try context.references.open(reference), text: reference.text, formatName: "qcow")
        }
        let tables = try ClusterTables(file, layout, l1Offset: l1.offset, size: size, context.engine)
        return QCOWSource(
            size: size, layout, ClusterMap(kind: .tables(tables)), data: file,
            clusters: CompressedClusters(file, layout, .deflate, context.engine.cache), backing: backing,
            context.engine)
    }
}
