/// A run of the disk with equal content: at most one read gives all of it.
struct ClusterRun: Sendable {
    /// The run's offsets in bytes from the start of the disk. Never empty.
    let range: Range<UInt64>

    /// The content at the run's start.
    let content: ClusterContent
}
