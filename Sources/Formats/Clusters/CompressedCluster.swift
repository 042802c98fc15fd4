/// The location of a compressed cluster's data.
struct CompressedCluster: Equatable, Sendable {
    /// The number of the cluster on the disk, from 0.
    let number: UInt64

    /// The offset of its first byte in the file, which need not be a multiple of anything.
    let offset: UInt64

    /// The most bytes that it takes. The last of them may belong to another cluster, or lie past the end of the file.
    let count: UInt64
}
