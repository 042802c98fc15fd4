extension Format {
    /// qcow, the format before qcow2.
    package static let qcow1 = Format(
        name: "qcow", kind: .disk, extensions: ["qcow"],
        recognises: { $0.has(QCOW1Header.start) }
    ) { (file, context) throws(ImageError) in
        if context.chainLength == 1 { try QCOW2Image.requireMagic(QCOW1Header.start, file) }
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
                    file, header.layout, header.decoder,
                    l1: file.cost.isLow
                        ? L1Entries(
                            file, at: header.l1.offset, count: Int(header.l1.count), header.layout.word)
                        : nil,
                    size: header.size, dataSize: file.size
                ).details
            },
            open: { () throws(ImageError) in try header.open(file, context) })
    }
}

extension QCOW1Header {
    fileprivate var decoder: QCOWDecoder {
        QCOWDecoder(codec: .deflate, clusterSize: Int(layout.clusterSize))
    }

    fileprivate func firstLevel(_ file: any Source) throws(ImageError) -> FirstLevel {
        try FirstLevel(file, at: l1.offset, count: Int(l1.count), layout.word)
    }

    /// Opens the disk and its backing file.
    fileprivate func open(_ file: any Source, _ context: OpenContext) throws(ImageError) -> any Source {
        guard !isEncrypted else {
            throw ImageError(
                .unsupported, "the disk is encrypted (AES): it can be described, but not read")
        }
        let backing = try backingFile.map { (reference) throws(ImageError) in
            Base(try context.references.open(reference), .backing, reference.text, of: "qcow")
        }
        let tables = ClusterTables(
            file, layout, try firstLevel(file), shares: context.chainLength, context.engine)
        let disk = ClusterDisk(
            size: size, layout, ClusterMap(tables: tables), data: Base(file, .data),
            clusters: CompressedClusters(file, layout, decoder, context.engine.cache), backing: backing,
            context.engine)
        disk.warnOfShortfall(context)
        return disk
    }
}
