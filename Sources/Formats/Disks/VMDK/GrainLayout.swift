/// How the tables of a sparse extent say where grains are: by sectors of 32 bits, in KDMV and in COWD.
struct GrainLayout: ClusterLayout {
    /// What all of VMDK calls the parts of an extent.
    static let terms = ClusterTerms(
        cluster: "grain", l1: "grain directory", l2: "grain table", tables: "grain tables")

    /// The entry for what was not found, in tables that were made for what was found of a stream: no grain starts in the last
    /// sector that an entry can name.
    static let missing: UInt64 = 0xFFFF_FFFF

    let clusterBits: UInt64
    let l2Bits: UInt64
    /// Whether the entry 1 stands for zeroes.
    let hasZeroGrains: Bool
    let isCompressed: Bool
    /// Whether the entry 1 stands for a grain there.
    var hasGrainInSector1 = false
    /// Whether the tables were made for what was found of a stream.
    var isIncomplete = false

    var formatName: String { "vmdk" }
    var terms: ClusterTerms { Self.terms }
    var word: TableWord { .little32 }

    func table(_ entry: UInt64) throws(ImageError) -> UInt64? {
        try requireFound(entry)
        // ("Grain Directory Entry") With zeroed grains, 1 is for a table of sparse grains, as 0 is.
        return entry == 0 || entry == 1 && hasZeroGrains ? nil : entry * 512
    }

    func content(at position: UInt64, _ entry: UInt64, _ second: UInt64) throws(ImageError) -> ClusterContent
    {
        try requireFound(entry)
        if entry == 0 { return .unallocated }
        guard isGrain(entry) else {
            guard hasZeroGrains else {
                throw ImageError(
                    .corrupt, "is 1: a grain of zeroes, which the flags at 8 do not provide for")
            }
            return .zero
        }
        guard isCompressed else { return .data(entry * 512 + position & (clusterSize - 1)) }
        return .compressed(
            CompressedCluster(
                number: position >> clusterBits, offset: entry * 512,
                count: GrainMarker.maximumData(clusterSize)))
    }

    /// Whether `entry` of a grain table says where a grain is.
    func isGrain(_ entry: UInt64) -> Bool { entry > 1 || entry == 1 && hasGrainInSector1 }

    private func requireFound(_ entry: UInt64) throws(ImageError) {
        guard !isIncomplete || entry != Self.missing else {
            throw ImageError(.corrupt, "is missing: the stream is cut short")
        }
    }

    /// Whether the table that `entry` of the grain directory names lies inside `file`; so does one that there is not.
    func isInside(_ entry: UInt64, _ file: any Source) -> Bool {
        guard !isEmpty(entry), let offset = try? table(entry) else { return true }
        return file.holds(1 << tableBits, at: offset)
    }
}
