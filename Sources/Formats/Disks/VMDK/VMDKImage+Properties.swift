extension VMDKImage {
    /// The largest number of extents, and of entries of the disk database, that are listed.
    private static let maximumListed = 1024

    /// The content of the header and the descriptor.
    var properties: [Layer.Property] {
        var properties: [Layer.Property] = [.init("variant", "variant", .text(variant))]
        if let type = descriptor?.createType {
            properties.append(.init("create-type", "create type", .text(printable(type))))
        }
        if let header = extent?.header {
            properties += [
                .init("version", "version", .number(UInt64(header.version))),
                .init("grain-size", "grain size", .bytes(header.grainSize)),
                .init("compression", "compression", .text(header.isCompressed ? "deflate" : "none")),
            ]
        } else if let extent {
            properties.append(.init("grain-size", "grain size", .bytes(extent.layout.clusterSize)))
        }
        guard let descriptor else { return properties }
        if let identifier = descriptor.contentID {
            properties.append(.init("cid", "CID", .text(hexDigits(identifier))))
        }
        if let parent {
            if let identifier = parent.contentID {
                properties.append(.init("parent-cid", "parent CID", .text(hexDigits(identifier))))
            }
            properties.append(.init("parent", "parent", .text(printable(parent.name))))
        }
        for (key, name, label) in [
            ("adapterType", "adapter-type", "adapter type"),
            ("virtualHWVersion", "hardware-version", "hardware version"),
        ] {
            if let value = descriptor.ddb(key) {
                properties.append(.init(name, label, .text(printable(value))))
            }
        }
        properties.append(.init("thin", "thin", .flag(isThin)))
        if descriptor.isEncrypted { properties.append(.init("encryption", "encryption", .text("vmcrypt"))) }
        if let encoding = descriptor.encoding {
            properties.append(.init("encoding", "encoding", .text(printable(encoding))))
        }
        if !descriptor.extents.isEmpty {
            properties.append(
                .init(
                    "extents", "extents",
                    .records(
                        descriptor.extents.prefix(Self.maximumListed).map(\.properties),
                        total: UInt64(descriptor.extents.count))))
        }
        if !descriptor.database.isEmpty {
            let entries = descriptor.database.prefix(Self.maximumListed).map { key, value in
                [
                    Layer.Property("key", "key", .text(printable(key))),
                    Layer.Property("value", "value", .text(printable(value))),
                ]
            }
            properties.append(
                .init(
                    "ddb", "disk database", .records(entries, total: UInt64(descriptor.database.count))))
        }
        return properties
    }

    /// The kind of the file, in words.
    private var variant: String {
        guard let extent else { return "descriptor" }
        guard let header = extent.header, header.isCompressed else { return "sparse extent (\(extent.kind))" }
        if extent.isRecovered { return "stream, cut short" }
        return header.directory == SparseExtentHeader.atEnd
            ? "stream, with a footer" : "stream, without a footer"
    }

    /// True if only written data takes space.
    private var isThin: Bool {
        if let value = descriptor?.ddb("thinProvisioned") { return value == "1" }
        return extent != nil
            || descriptor?.extents.contains {
                [.sparse, .vmfsSparse, .seSparse].contains($0.kind)
            } == true
    }

    /// The results of walking through the tables.
    var details: Inspection.Details {
        guard let extent else { return Inspection.Details() }
        let counts = file.cost.isLow && !extent.isRecovered
        var details = ClusterUsage(
            file, extent.layout, extent.decoder, l1: counts ? extent.directory.entries : nil, size: size,
            dataSize: file.size
        ).details
        if extent.isStream { details.warnings = [] }
        return details
    }
}

extension VMDKExtent {
    fileprivate var properties: [Layer.Property] {
        [
            .init("access", "access", .text(access)),
            .init("size", "size", .bytes(sectors * 512)),
            .init("type", "type", .text(printable(type))),
            .init("file", "file", name.map { .text(printable($0)) } ?? .phrase("", nil)),
            .init("offset", "offset", .bytes(offset * 512)),
        ]
    }
}
