/// Where the data of a compressed cluster lies.
struct CompressedCluster: Equatable, Sendable {
    /// The number of the cluster on the disk, from 0.
    let number: UInt64

    /// Where it starts in the file, in bytes; need not be a multiple of anything.
    let offset: UInt64

    /// How many bytes it takes at most; the last of them may belong to another, or lie past the end of the file.
    let count: UInt64
}
