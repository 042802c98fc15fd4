/// The layout of the tables of a sparse extent, KDMV or COWD. Entries are sector numbers of 32 bits.
struct GrainLayout: ClusterLayout {
    /// The names of an extent's parts, the same for all kinds of VMDK.
    static let terms = ClusterTerms(
        cluster: "grain", l1: "grain directory", l2: "grain table", tables: "grain tables")

    /// The entry for a grain or table that was not found, in tables made from a scan of a stream. No grain starts in
    /// the last sector that an entry can name.
    static let missing: UInt64 = 0xFFFF_FFFF

    let clusterBits: UInt64
    let l2Bits: UInt64
    /// True if the entry 1 stands for zeroes.
    let hasZeroGrains: Bool
    let isCompressed: Bool
    /// True if the entry 1 stands for a grain in sector 1.
    var hasGrainInSector1 = false
    /// True if the tables were made from a scan of a stream.
    var isIncomplete = false

    var formatName: String { "vmdk" }
    var terms: ClusterTerms { Self.terms }
    var word: TableWord { .little32 }

    func table(_ entry: UInt64) throws(ImageError) -> UInt64? {
        try requireFound(entry)
        // ("Grain Directory Entry") With zeroed grains, 1 means a table of sparse grains, as 0 does.
        return entry == 0 || entry == 1 && hasZeroGrains ? nil : entry * 512
    }

    func content(at position: UInt64, _ entry: UInt64, _ second: UInt64) throws(ImageError) -> ClusterContent
    {
        try requireFound(entry)
        if entry == 0 { return .unallocated }
        guard isGrain(entry) else {
            guard hasZeroGrains else {
                throw ImageError(
                    .corrupt, "is 1: a grain of zeroes, but the flags at 8 allow none")
            }
            return .zero
        }
        guard isCompressed else { return .data(entry * 512 + position & (clusterSize - 1)) }
        return .compressed(
            CompressedCluster(
                number: position >> clusterBits, offset: entry * 512,
                count: GrainMarker.maximumData(clusterSize)))
    }

    /// True if `entry` of a grain table locates a grain.
    func isGrain(_ entry: UInt64) -> Bool { entry > 1 || entry == 1 && hasGrainInSector1 }

    private func requireFound(_ entry: UInt64) throws(ImageError) {
        guard !isIncomplete || entry != Self.missing else {
            throw ImageError(.corrupt, "is missing: the stream is cut short")
        }
    }

    /// True if the table that `entry` of the grain directory names lies inside `file`, or if it names none.
    func isInside(_ entry: UInt64, _ file: any Source) -> Bool {
        guard !isEmpty(entry), let offset = try? table(entry) else { return true }
        return file.holds(1 << tableBits, at: offset)
    }
}
