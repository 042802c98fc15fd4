/// The layout of the tables of qcow and qcow2.
struct QCOWLayout: ClusterLayout {
    enum Kind: Sendable {
        case qcow1
        /// Version 2 has no zero clusters.
        case qcow2v2
        case qcow2v3
        /// Entries of 16 bytes, whose second half describes 32 subclusters.
        case extended
    }

    let kind: Kind

    /// log2 of the size of a cluster in bytes, 9...21.
    let clusterBits: UInt64

    /// log2 of the entries of an L2 table, 5...18.
    let l2Bits: UInt64

    /// True if the data is in another file, at the offsets that it has on the disk.
    let hasDataFile: Bool

    var formatName: String { kind == .qcow1 ? "qcow" : "qcow2" }

    var terms: ClusterTerms {
        ClusterTerms(
            cluster: "cluster", l1: "L1", l2: "L2", tables: "L2 tables",
            data: hasDataFile ? "the data file" : "the file")
    }

    var word: TableWord { .big64 }

    var entryWordBits: UInt64 { kind == .extended ? 1 : 0 }

    var unitBits: UInt64 { kind == .extended ? clusterBits - 5 : clusterBits }

    func table(_ entry: UInt64) throws(ImageError) -> UInt64? {
        let offset = kind == .qcow1 ? entry : entry & Self.offsetMask
        guard offset != 0 else { return nil }
        guard kind == .qcow1 || offset & (clusterSize - 1) == 0 else {
            throw ImageError(
                .corrupt,
                "is \(hex(entry)): offset \(offset) is no multiple of the cluster size, \(clusterSize)")
        }
        return offset
    }

    /// Bits 9...55. The others are flags, or reserved and ignored, as in qemu.
    private static let offsetMask: UInt64 = 0x00FF_FFFF_FFFF_FE00

    func content(at position: UInt64, _ entry: UInt64, _ bitmap: UInt64) throws(ImageError) -> ClusterContent
    {
        switch kind {
        case .qcow1: try qcow1Content(at: position, entry)
        case .qcow2v2, .qcow2v3: try qcow2Content(at: position, entry)
        case .extended: try extendedContent(at: position, entry, bitmap)
        }
    }

    /// (qemu block/qcow.c) An entry is a cluster's offset. If bit 63 is set, it is a compressed cluster's offset and
    /// length.
    private func qcow1Content(at position: UInt64, _ entry: UInt64) throws(ImageError) -> ClusterContent {
        let inCluster = position & (clusterSize - 1)
        if entry >> 63 != 0 {
            let sizeShift = 63 - clusterBits
            return .compressed(
                CompressedCluster(
                    number: position >> clusterBits, offset: entry & (1 << sizeShift - 1),
                    count: entry >> sizeShift & (clusterSize - 1)))
        }
        guard entry != 0 else { return .unallocated }
        guard entry & 511 == 0 else {
            throw ImageError(.corrupt, "is \(hex(entry)): the offset is no multiple of 512")
        }
        return .data(entry + inCluster)
    }

    /// (docs/interop/qcow2.txt, "L2 table entry")
    private func qcow2Content(at position: UInt64, _ entry: UInt64) throws(ImageError) -> ClusterContent {
        if entry >> 62 & 1 != 0 { return try compressedContent(at: position, entry) }
        if entry & 1 != 0 {
            guard kind != .qcow2v2 else {
                throw ImageError(
                    .corrupt, "is \(hex(entry)): a cluster of zeroes, which version 2 does not have")
            }
            return .zero
        }
        guard let offset = try dataOffset(at: position, entry) else { return .unallocated }
        return .data(offset + position & (clusterSize - 1))
    }

    /// (docs/interop/qcow2.txt, "Extended L2 Entries")
    private func extendedContent(
        at position: UInt64, _ entry: UInt64, _ bitmap: UInt64
    ) throws(ImageError) -> ClusterContent {
        if entry >> 62 & 1 != 0 { return try compressedContent(at: position, entry) }
        let (allocated, zero) = (bitmap & 0xFFFF_FFFF, bitmap >> 32)
        guard allocated & zero == 0 else {
            throw ImageError(
                .corrupt, "has the bitmap \(hex(bitmap)), with subclusters that are both allocated and zero")
        }
        let offset = try dataOffset(at: position, entry)
        guard offset != nil || allocated == 0 else {
            throw ImageError(
                .corrupt, "has the bitmap \(hex(bitmap)), with subclusters that are allocated nowhere")
        }
        let subcluster = position >> unitBits & 31
        if zero >> subcluster & 1 != 0 { return .zero }
        guard let offset, allocated >> subcluster & 1 != 0 else { return .unallocated }
        return .data(offset + position & (clusterSize - 1))
    }

    /// The offset in the data file of the cluster of a normal entry. Nil if it has none.
    private func dataOffset(at position: UInt64, _ entry: UInt64) throws(ImageError) -> UInt64? {
        let offset = entry & Self.offsetMask
        // In a data file, a cluster may lie at 0. Bit 63 then marks it as present.
        guard offset != 0 || hasDataFile && entry >> 63 != 0 else { return nil }
        guard offset & (clusterSize - 1) == 0 else {
            throw ImageError(
                .corrupt, "is \(hex(entry)): the offset is no multiple of the cluster size, \(clusterSize)")
        }
        let expected = position & ~(clusterSize - 1)
        guard !hasDataFile || offset == expected else {
            throw ImageError(
                .corrupt,
                "is \(hex(entry)): offset \(offset) in the data file, expected the offset on the disk, "
                    + "\(expected)")
        }
        return offset
    }

    /// (docs/interop/qcow2.txt, "Compressed Clusters Descriptor")
    private func compressedContent(at position: UInt64, _ entry: UInt64) throws(ImageError) -> ClusterContent
    {
        guard !hasDataFile else {
            throw ImageError(
                .corrupt, "is \(hex(entry)): a compressed cluster, which images with a data file do not have")
        }
        let sectorShift = 62 - (clusterBits - 8)
        let offset = entry & (1 << sectorShift - 1)
        let sectors = (entry & ~(3 << 62)) >> sectorShift + 1
        return .compressed(
            CompressedCluster(
                number: position >> clusterBits, offset: offset, count: sectors * 512 - offset & 511))
    }
}
