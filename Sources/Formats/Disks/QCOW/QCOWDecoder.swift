/// Decodes the compressed clusters of qcow and qcow2.
struct QCOWDecoder: ClusterDecoder {
    enum Codec: Sendable {
        case deflate
        case zstd
    }

    let codec: Codec

    /// The size of a cluster, in bytes.
    let clusterSize: Int

    func decode(
        _ cluster: CompressedCluster, of file: any Source, into content: inout [UInt8]
    ) throws(ImageError) {
        let bytes = try file.bytes(
            at: cluster.offset, count: Int(min(cluster.count, file.size - cluster.offset)))
        switch codec {
        case .deflate: try DeflateDecoder.decode(bytes, count: clusterSize, into: &content)
        case .zstd: try ZstdDecoder.decode(bytes, count: clusterSize, into: &content)
        }
    }
}
