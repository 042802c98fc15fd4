/// How much of a disk its image has clusters for, and which of these are missing: counted by walking through the L2 tables.
struct ClusterUsage {
    /// The bytes of L2 tables that are walked through at most: what a disk of 512 GiB has, with clusters of 64 KiB.
    private static let limit: UInt64 = 64 << 20

    /// Likewise where the disk is opened, and somebody waits for that: what a disk of 64 GiB has.
    private static let openingLimit: UInt64 = 8 << 20

    /// What a smaller table counts as: reading one takes longer than going through it.
    private static let smallestTable: UInt64 = 4096

    /// How many damaged entries are counted, and a table's more: saying what is wrong with one takes far longer than
    /// counting it otherwise would.
    private static let maximumDamaged: UInt64 = 65_536

    private let file: any Source
    private let layout: any ClusterLayout
    private let geometry: ClusterGeometry
    private let size: UInt64
    private let counts: Bool
    private let dataSize: UInt64?

    private var count = ClusterCount()
    private var tables: UInt64 = 0
    private var missingTables = MissingCount()
    private var isWhole = true

    /// That of a disk of `size` bytes in `file`, whose L1 table has the entries `l1`, and whose compressed clusters `decoder`
    /// decodes. Nothing is counted without `l1`: where the file is wrapped, as in xz, every table might have to be decoded anew.
    ///
    /// `dataSize` is the size of the file that holds the data; nil where that is not known.
    init(
        _ file: any Source, _ layout: any ClusterLayout, _ decoder: any ClusterDecoder,
        l1: (some Sequence<UInt64>)?, size: UInt64, dataSize: UInt64?
    ) {
        self.init(file, layout, size: size, counts: l1 != nil, dataSize: dataSize)
        if let l1 { walk(l1, limit: Self.limit, decoder) }
    }

    /// That of a disk which is being opened, as far as a look at its tables tells: at those that lie last in the file, as
    /// what these name is the likeliest to lie last as well. `l1` are the first entries of the L1 table.
    init(opening disk: ClusterDisk, l1: [UInt64], of file: any Source) {
        self.init(file, disk.layout, size: disk.size, counts: true, dataSize: disk.data.size)
        var l1 = l1
        let isZeroEmpty = layout.isEmpty(0)
        var places: [(offset: UInt64, number: Int)] = []
        for (number, entry) in l1.enumerated() where entry != 0 || !isZeroEmpty {
            guard let offset = try? layout.table(entry), holdsTable(at: offset) else { continue }
            places.append((offset, number))
        }
        let most = Int(Self.openingLimit / cost)
        if places.count > most {
            places.sort { $0.offset > $1.offset }
            for place in places[most...] { l1[place.number] = 0 }
            isWhole = false
        }
        walk(l1, limit: Self.openingLimit, disk.clusters.decoder)
        // Reading does without.
        if disk.map.hasRawDataFile { missingTables = MissingCount() }
    }

    private init(
        _ file: any Source, _ layout: any ClusterLayout, size: UInt64, counts: Bool, dataSize: UInt64?
    ) {
        self.file = file
        self.layout = layout
        geometry = ClusterGeometry(layout)
        self.size = size
        self.counts = counts
        self.dataSize = dataSize
    }

    /// What walking through an L2 table takes of the limit.
    private var cost: UInt64 { max(1 << geometry.tableBits, Self.smallestTable) }

    /// Whether all of the L2 table at `offset` lies inside the file.
    private func holdsTable(at offset: UInt64) -> Bool { file.holds(1 << geometry.tableBits, at: offset) }

    /// Counts what the tables say that `l1` names, of which up to `limit` bytes are walked through.
    private mutating func walk(_ l1: some Sequence<UInt64>, limit: UInt64, _ decoder: any ClusterDecoder) {
        let cost = cost
        var walked: UInt64 = 0
        // Most of a large disk may be nothing, of which the layout is asked but once.
        let isZeroEmpty = layout.isEmpty(0)
        for (number, entry) in l1.enumerated() {
            if entry == 0 ? isZeroEmpty : layout.isEmpty(entry) { continue }
            guard count.damaged < Self.maximumDamaged else {
                isWhole = false
                break
            }
            let start = UInt64(number) << geometry.coverageBits
            guard let table = try? layout.table(entry) else {
                count.damaged += 1
                continue
            }
            guard holdsTable(at: table) else {
                count.damaged += 1
                missingTables.add(at: start)
                continue
            }
            guard walked + cost <= limit || tables == 0 else {
                isWhole = false
                break
            }
            walked += cost
            tables += 1
            count(table, from: start)
        }
        lookIntoLastCompressed(decoder)
    }

    /// Counts what the table at `offset`, which lies inside the file, says of the disk from `start` on.
    private mutating func count(_ offset: UInt64, from start: UInt64) {
        let (sliceBits, coverage) = (geometry.sliceBits, geometry.sliceCoverage)
        for slice in 0..<UInt64(1) << (geometry.tableBits - sliceBits) {
            let first = start + slice * coverage
            guard first < size else { return }
            let place = offset + slice << sliceBits
            guard let bytes = try? file.bytes(at: place, count: 1 << Int(sliceBits)) else {
                count.damaged += 1
                return
            }
            let slice = L2Slice(
                range: first..<first + coverage, offset: place, words: geometry.word.words(bytes),
                geometry: geometry)
            count += layout.count(slice, before: size, in: dataSize ?? .max)
        }
    }

    /// Counts the last compressed cluster of the file as missing if the file ends in the middle of it: an entry says how long it is
    /// at most only. No other can be cut in two, as they do not overlap.
    private mutating func lookIntoLastCompressed(_ decoder: any ClusterDecoder) {
        guard let last = count.lastCompressed, last.offset + last.count > file.size else { return }
        var content: [UInt8] = []
        do throws(ImageError) {
            try decoder.decode(last, of: file, into: &content)
        } catch {
            count.missing.add(at: last.number << geometry.clusterBits)
        }
    }

    var details: Inspection.Details { Inspection.Details(properties: properties, warnings: warnings) }

    /// What there is to say about it.
    private var properties: [Layer.Property] {
        var properties: [Layer.Property] = [.init("file-size", "file", .bytes(file.size))]
        if let sizeOnDisk = (file as? FileSource)?.sizeOnDisk() {
            properties.append(.init("file-size-on-disk", "file on disk", .bytes(sizeOnDisk)))
        }
        guard counts else { return properties }
        let total = (size &+ layout.clusterSize &- 1) >> layout.clusterBits
        properties += [
            .init("allocated-size", "allocated", .bytes(count.allocated)),
            .init("total-clusters", "clusters", .number(total)),
            .init("allocated-clusters", "with data", .share(count.data + count.compressed, of: total)),
            .init(
                "compressed-clusters", "compressed",
                .share(count.compressed, of: count.data + count.compressed)),
            .init("zero-clusters", "zero", .number(count.zero)),
        ]
        if count.missing.count > 0 {
            properties.append(.init("missing-clusters", "missing", .number(count.missing.count)))
        }
        if count.damaged > 0 {
            properties.append(.init("damaged-entries", "damaged entries", .number(count.damaged)))
        }
        if !isWhole {
            properties.append(
                .init("counted-tables", "counted", .phrase("the first \(tables) L2 tables only", tables)))
        }
        return properties
    }
    /// What is missing, as a file was cut short, a sentence each.
    var warnings: [String] {
        let terms = layout.terms
        var warnings: [String] = []
        if missingTables.count > 0 {
            warnings.append(
                share(missingTables.count, of: tables + missingTables.count) + " " + terms.tables
                    + place(missingTables, pastEndOf: "the file", file.size)
                    + ": it is cut short, and reading what they tell of fails")
        }
        if count.missing.count > 0, let dataSize {
            let bytes = byteCount(count.missing.count << layout.clusterBits)
            warnings.append(
                share(count.missing.count, of: count.data + count.compressed)
                    + " \(terms.cluster)s that the \(terms.tables) name, \(bytes),"
                    + place(count.missing, pastEndOf: terms.data, dataSize)
                    + ": it is cut short, and reading these fails")
        }
        return warnings
    }

    private func share(_ number: UInt64, of total: UInt64) -> String {
        isWhole ? "\(number) of the \(total)" : "at least \(number) of the"
    }

    private func place(_ missing: MissingCount, pastEndOf data: String, _ end: UInt64) -> String {
        " \(missing.count == 1 ? "lies" : "lie") past the end of \(data) at \(end), the first for disk offset "
            + "\(missing.first)"
    }
}
