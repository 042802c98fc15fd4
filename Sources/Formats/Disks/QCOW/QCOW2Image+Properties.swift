extension QCOW2Image {
    /// The content of the header, with all that `qemu-img info` shows and more.
    var properties: [Layer.Property] {
        let features = header.features
        var properties: [Layer.Property] = [
            .init("version", "version", .number(UInt64(header.version))),
            .init("cluster-size", "cluster size", .bytes(header.clusterSize)),
            .init("compression", "compression", .text(header.compression?.rawValue ?? "")),
            .init("extended-l2", "extended L2", .flag(features.hasExtendedL2)),
            .init("lazy-refcounts", "lazy refcounts", .flag(features.hasLazyRefcounts)),
            .init("refcount-bits", "refcount bits", .number(1 << UInt64(min(header.refcountOrder, 63)))),
            .init("dirty", "dirty", .flag(features.isDirty)),
            .init("corrupt", "corrupt", .flag(features.isCorrupt)),
            .init("encryption", "encryption", .text(header.encryption.rawValue)),
        ]
        let kinds: [(QCOW2Features.Kind, String)] = [
            (.incompatible, "incompatible"), (.compatible, "compatible"), (.autoclear, "autoclear"),
        ]
        for (kind, name) in kinds {
            let names = features.names(kind, extensions.featureNames)
            if !names.isEmpty {
                properties.append(.init("\(name)-features", "\(name) features", .texts(names)))
            }
        }
        if let dataFile {
            properties += [
                .init(
                    "data-file", "data file", .text(printable(dataFile.name))
                ),
                .init("data-file-raw", "data file alone is the disk", .flag(features.isDataFileRaw)),
            ]
        }
        properties += Self.properties(of: backingFile)
        if let snapshot {
            properties.append(.init("snapshot", "opened snapshot", .text(QCOW2Snapshot.text(snapshot.id))))
        }
        if header.snapshotCount > 0 {
            properties.append(
                .init(
                    "snapshots", "snapshots",
                    .records(snapshots.map { $0.properties(header) }, total: UInt64(header.snapshotCount))))
        }
        if header.features.hasBitmaps, let directory = extensions.bitmaps {
            properties.append(
                .init(
                    "bitmaps", "bitmaps", .records(bitmapEntries.map(record), total: UInt64(directory.count)))
            )
        }
        return properties
    }

    /// The properties of a backing file.
    static func properties(of backingFile: Reference?) -> [Layer.Property] {
        guard let backingFile else { return [] }
        return [
            .init(
                "backing-file", "backing file",
                .text(printable(backingFile.name))),
            .init(
                "backing-format", "backing format",
                backingFile.format.map { .text(printable($0)) } ?? .phrase("not recorded", nil)),
        ]
    }

    /// The results of walking through the tables.
    var details: Inspection.Details {
        let counts = file.cost.isLow && !header.features.isDataFileRaw
        return ClusterUsage(
            file, layout, decoder,
            l1: counts ? L1Entries(file, at: l1.offset, count: l1.count, layout.word) : nil, size: size,
            // No other file is opened to describe an image.
            dataSize: header.features.hasDataFile ? nil : file.size
        ).details
    }

    private func record(_ entry: QCOW2BitmapEntry) -> [Layer.Property] {
        [
            .init("name", "name", .text(printable(entry.name))),
            .init("granularity", "granularity", .bytes(1 << UInt64(min(entry.granularityBits, 63)))),
            .init("in-use", "in use", .flag(entry.isInUse)),
            .init("auto", "auto", .flag(entry.isAutomatic)),
            .init("problem", "not served because", problem(of: entry).map { .text($0) } ?? .phrase("", nil)),
        ]
    }
}

extension QCOW2Snapshot {
    fileprivate func properties(_ header: QCOW2Header) -> [Layer.Property] {
        [
            .init("id", "id", .text(Self.text(id))),
            .init("name", "name", .text(Self.text(name))),
            .init("disk-size", "disk size", .bytes(diskSize ?? header.size)),
            .init("vm-state-size", "VM state", .bytes(stateSize)),
            .init("date-sec", "date", .date(UInt64(date.seconds))),
            .init("date-nsec", "", .number(UInt64(date.nanoseconds))),
            .init("vm-clock-sec", "", .number(clock / 1_000_000_000)),
            .init("vm-clock-nsec", "", .number(clock % 1_000_000_000)),
        ] + (instructions.map { [.init("icount", "", .number($0))] } ?? [])
    }
}
