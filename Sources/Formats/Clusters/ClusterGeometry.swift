/// The sizes of a `ClusterLayout`, computed once: computing them at each cluster added a fifth or more to the time of
/// answering BLOCK_STATUS.
struct ClusterGeometry: Sendable {
    let word: TableWord
    /// log2 of the words in an entry of an L2 table: 0 or 1.
    let entryWordBits: UInt64
    /// log2 of the size of a cluster in bytes.
    let clusterBits: UInt64
    /// log2 of the size in bytes of the smallest part that an entry tells apart: a cluster, or a part of one.
    let unitBits: UInt64
    /// log2 of the size of an L2 table in bytes.
    let tableBits: UInt64
    /// log2 of the bytes of the disk that one L2 table covers.
    let coverageBits: UInt64
    /// log2 of the size in bytes of an `L2Slice`, the part of an L2 table that is read at once.
    let sliceBits: UInt64
    /// The bytes of the disk that a slice covers.
    let sliceCoverage: UInt64
    /// log2 of the size of an entry of an L2 table in bytes.
    let entryBits: UInt64

    init(_ layout: some ClusterLayout) {
        word = layout.word
        entryWordBits = layout.entryWordBits
        clusterBits = layout.clusterBits
        unitBits = layout.unitBits
        tableBits = layout.tableBits
        coverageBits = layout.coverageBits
        entryBits = layout.entryBits
        sliceBits = min(tableBits, UInt64(L2Slice.maximumSize.trailingZeroBitCount))
        sliceCoverage = 1 << (sliceBits - entryBits + clusterBits)
    }

    var clusterSize: UInt64 { 1 << clusterBits }
}
