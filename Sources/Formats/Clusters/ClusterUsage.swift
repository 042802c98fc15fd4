/// The allocated and the missing clusters of a disk, counted by walking through the L2 tables.
struct ClusterUsage {
    /// The largest size in bytes of the L2 tables walked through: what a disk of 512 GiB has with clusters of 64 KiB.
    private static let limit: UInt64 = 64 << 20

    /// The same limit while the disk is opened, as the user waits for that: what a disk of 64 GiB has.
    private static let openingLimit: UInt64 = 8 << 20

    /// The least that a table counts for, in bytes: reading a small one takes longer than walking through it.
    private static let smallestTable: UInt64 = 4096

    /// The number of damaged entries after which counting stops, at the end of the table: each takes far longer than a
    /// valid one, as its error is put into words.
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

    /// Counts for a disk of `size` bytes in `file`, whose L1 table has the entries `l1`, and whose compressed clusters
    /// `decoder` decodes. Counts nothing if `l1` is nil: if the file is wrapped, for example in xz, every table might
    /// have to be decoded anew.
    ///
    /// `dataSize` is the size in bytes of the file that holds the data. Nil if it is not known.
    init(
        _ file: any Source, _ layout: any ClusterLayout, _ decoder: any ClusterDecoder,
        l1: (some Sequence<UInt64>)?, size: UInt64, dataSize: UInt64?
    ) {
        self.init(file, layout, size: size, counts: l1 != nil, dataSize: dataSize)
        if let l1 { walk(l1, limit: Self.limit, decoder) }
    }

    /// Counts for a disk that is being opened, within `openingLimit`: first the tables that lie last in the file, as
    /// their clusters are the likeliest to lie last too. `l1` holds the first entries of the L1 table.
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
        // Reading a raw data file does not need the tables.
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

    /// The bytes of the limit that one L2 table takes.
    private var cost: UInt64 { max(1 << geometry.tableBits, Self.smallestTable) }

    /// True if all of the L2 table at `offset` lies inside the file.
    private func holdsTable(at offset: UInt64) -> Bool { file.holds(1 << geometry.tableBits, at: offset) }

    /// Counts the content of the tables that `l1` names, up to `limit` bytes of them.
    private mutating func walk(_ l1: some Sequence<UInt64>, limit: UInt64, _ decoder: any ClusterDecoder) {
        let cost = cost
        var walked: UInt64 = 0
        // Most of a large disk may be empty, so the layout is asked only once about an entry of zero.
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

    /// Counts the entries of the table at `offset`, which lies inside the file and covers the disk from `start` on.
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

    /// Counts the last compressed cluster of the file as missing if the file ends inside it. Decodes it to find out: an
    /// entry gives only the most that its cluster may take. No other can be truncated, as clusters do not overlap.
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
    /// A sentence for each kind of data that is missing because a file is truncated.
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
