/// Decodes the compressed clusters of a format.
protocol ClusterDecoder: Sendable {
    /// Decodes all of `cluster`, which starts inside `file`, into the empty `content`. That includes the part of the
    /// last cluster past the end of the disk.
    ///
    /// Throws `corrupt` if the cluster is damaged, and the errors of reading `file`. The caller adds the cluster's
    /// offset.
    func decode(
        _ cluster: CompressedCluster, of file: any Source, into content: inout [UInt8]
    ) throws(ImageError)
}
