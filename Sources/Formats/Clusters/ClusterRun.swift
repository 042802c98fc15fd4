/// A stretch of a disk that goes on in the same way: one read, or none, gives all of it.
struct ClusterRun: Sendable {
    /// Where it lies, in bytes from the start of the disk; never empty.
    let range: Range<UInt64>

    /// What lies at its start.
    let content: ClusterContent
}
