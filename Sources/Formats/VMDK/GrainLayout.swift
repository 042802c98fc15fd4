/// How the tables of a sparse extent say where grains are: by sectors of 32 bits, in KDMV and in COWD.
struct GrainLayout: ClusterLayout {
    /// What all of VMDK calls the parts of an extent.
    static let terms = ClusterTerms(cluster: "grain", l1: "grain directory", l2: "grain table")

    let clusterBits: UInt64
    let l2Bits: UInt64
    /// Whether the entry 1 stands for zeroes.
    let hasZeroGrains: Bool
    let isCompressed: Bool
    /// Whether what no table names is missing, and not sparse: as with what was found of a stream that is cut short.
    var isIncomplete = false

    var formatName: String { "vmdk" }
    var terms: ClusterTerms { Self.terms }
    var word: TableWord { .little32 }

    func table(_ entry: UInt64) throws(ImageError) -> UInt64? {
        if entry == 0, isIncomplete {
            throw ImageError(.corrupt, "is missing: the stream is cut short")
        }
        // ("Grain Directory Entry") With zeroed grains, 1 is for a table of nothing else.
        return entry == 0 || entry == 1 && hasZeroGrains ? nil : entry * 512
    }

    func content(at position: UInt64, _ entry: UInt64, _ second: UInt64) throws(ImageError) -> ClusterContent
    {
        if entry == 0 {
            guard !isIncomplete else {
                throw ImageError(.corrupt, "is missing: the stream is cut short")
            }
            return .unallocated
        }
        if entry == 1 {
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
}
