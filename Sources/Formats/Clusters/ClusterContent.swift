/// What a stretch of a disk is, by the tables of its image.
enum ClusterContent: Equatable, Sendable {
    /// Nothing is said of it: it is what the backing file has there, or zeroes.
    case unallocated
    /// Zeroes.
    case zero
    /// What the file that holds the data has from this offset on.
    case data(UInt64)
    /// A part of a compressed cluster.
    case compressed(CompressedCluster)

    /// Whether `next` goes on from this where it lies `distance` bytes ahead.
    func goesOn(with next: ClusterContent, after distance: UInt64) -> Bool {
        switch (self, next) {
        case (.unallocated, .unallocated), (.zero, .zero): true
        case (.data(let start), .data(let offset)): offset >= start && offset - start == distance
        default: false
        }
    }
}
