/// The layout of the tables of an seSparse extent (qemu block/vmdk.c).
struct SESparseLayout: ClusterLayout {
    /// The offset of the grain tables in bytes, and their size in sectors.
    let tables: UInt64
    let tablesSize: UInt64
    /// The offset of the grains, in bytes.
    let grains: UInt64
    let fileSize: UInt64

    var formatName: String { "vmdk" }
    var terms: ClusterTerms { GrainLayout.terms }
    var word: TableWord { .little64 }
    var clusterBits: UInt64 { 12 }
    var l2Bits: UInt64 { 12 }

    func table(_ entry: UInt64) throws(ImageError) -> UInt64? {
        guard entry != 0 else { return nil }
        let number = entry & 0xFFFF_FFFF
        guard entry >> 32 == 0x1000_0000, number < tablesSize / 64 else {
            throw ImageError(
                .corrupt,
                "is \(hex(entry)), expected 0x10000000 and the number of one of \(tablesSize / 64) tables")
        }
        return tables + number << tableBits
    }

    func content(at position: UInt64, _ entry: UInt64, _ second: UInt64) throws(ImageError) -> ClusterContent
    {
        switch (entry >> 60, entry) {
        case (0, 0): return .unallocated
        // Unmapped by SCSI, and zero. qemu treats both as zeroes.
        case (1, _), (2, _): return .zero
        case (3, _):
            let number = entry >> 48 & 0xFFF | (entry & 0xFFFF_FFFF_FFFF) << 12
            guard number < fileSize >> clusterBits else {
                throw ImageError(
                    .corrupt, "is \(hex(entry)): grain \(number) lies past the end of the file at \(fileSize)"
                )
            }
            return .data(grains + number << clusterBits + position & (clusterSize - 1))
        default: throw ImageError(.corrupt, "is \(hex(entry)), which means nothing")
        }
    }
}
