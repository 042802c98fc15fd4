/// The content of a run of the disk, by the tables of its image.
enum ClusterContent: Equatable, Sendable {
    /// The tables say nothing of it: it has the backing file's content, or zeroes.
    case unallocated
    case zero
    /// Data of the data file, from this offset on.
    case data(UInt64)
    /// A part of a compressed cluster.
    case compressed(CompressedCluster)

    /// True if `next`, which lies `distance` bytes ahead, continues this content.
    func goesOn(with next: ClusterContent, after distance: UInt64) -> Bool {
        switch (self, next) {
        case (.unallocated, .unallocated), (.zero, .zero): true
        case (.data(let start), .data(let offset)): offset >= start && offset - start == distance
        default: false
        }
    }
}
