/// How much of a disk its image has clusters for: counted by walking through the L2 tables.
struct ClusterUsage {
    /// The bytes of L2 tables that are walked through at most: what a disk of 512 GiB has, with clusters of 64 KiB.
    private static let limit: UInt64 = 64 << 20

    /// What a smaller table counts as: reading one takes longer than going through it.
    private static let smallestTable: UInt64 = 4096

    /// How many damaged entries are counted, and a table's more: saying what is wrong with one takes far longer than
    /// counting it otherwise would.
    private static let maximumDamaged: UInt64 = 65_536

    private let layout: any ClusterLayout
    private let geometry: ClusterGeometry
    private let size: UInt64
    private let counts: Bool
    private let fileSize: UInt64
    private let sizeOnDisk: UInt64?

    private var count = ClusterCount()
    private var tables: UInt64 = 0
    private var isWhole = true

    /// That of a disk of `size` bytes in `file`, whose L1 table has the entries `l1`. Nothing is counted without: where
    /// the file is wrapped, as in xz, every table might have to be decoded anew.
    init(_ file: any Source, _ layout: any ClusterLayout, l1: (some Sequence<UInt64>)?, size: UInt64) {
        self.layout = layout
        geometry = ClusterGeometry(layout)
        self.size = size
        counts = l1 != nil
        fileSize = file.size
        sizeOnDisk = (file as? FileSource)?.sizeOnDisk()
        guard let l1 else { return }
        let cost = max(1 << geometry.tableBits, Self.smallestTable)
        var walked: UInt64 = 0
        // Most of a large disk may be nothing, of which the layout is asked but once.
        let isZeroEmpty = layout.isEmpty(0)
        for (number, entry) in l1.enumerated() {
            if entry == 0 ? isZeroEmpty : layout.isEmpty(entry) { continue }
            guard count.damaged < Self.maximumDamaged else {
                isWhole = false
                return
            }
            guard let table = try? layout.table(entry) else {
                count.damaged += 1
                continue
            }
            guard walked + cost <= Self.limit || tables == 0 else {
                isWhole = false
                return
            }
            walked += cost
            tables += 1
            count(table, of: file, from: UInt64(number) << geometry.coverageBits)
        }
    }

    /// Counts what the table at `offset` says, which tells of the disk from `start` on.
    private mutating func count(_ offset: UInt64, of file: any Source, from start: UInt64) {
        let (sliceBits, coverage) = (geometry.sliceBits, geometry.sliceCoverage)
        for slice in 0..<UInt64(1) << (geometry.tableBits - sliceBits) {
            let first = start + slice * coverage
            guard first < size else { return }
            let place = offset.addingReportingOverflow(slice << sliceBits)
            guard !place.overflow,
                let bytes = try? file.bytes(at: place.partialValue, count: 1 << Int(sliceBits))
            else {
                count.damaged += 1
                return
            }
            let slice = L2Slice(
                range: first..<first + coverage, offset: place.partialValue,
                words: geometry.word.words(bytes),
                geometry: geometry)
            count += layout.count(slice, before: size)
        }
    }

    /// What there is to say about it.
    var properties: [Layer.Property] {
        var properties: [Layer.Property] = [.init("file-size", "file", .bytes(fileSize))]
        if let sizeOnDisk {
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
        if count.damaged > 0 {
            properties.append(.init("damaged-entries", "damaged entries", .number(count.damaged)))
        }
        if !isWhole {
            properties.append(
                .init("counted-tables", "counted", .text("the first \(tables) L2 tables only")))
        }
        return properties
    }
}
