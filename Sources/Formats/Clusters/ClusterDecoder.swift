/// Decodes the compressed clusters of a format.
protocol ClusterDecoder: Sendable {
    /// Puts the content of `cluster`, which starts inside `file`, into `content`, which is empty: all of it, also of the last
    /// cluster of a disk that ends inside.
    ///
    /// Throws `corrupt` where it is damaged, and what reading `file` throws; the caller says where the cluster is.
    func decode(
        _ cluster: CompressedCluster, of file: any Source, into content: inout [UInt8]
    ) throws(ImageError)
}
