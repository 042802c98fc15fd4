/// Reads compressed clusters: each is a unit of the cache of its own, of one piece.
final class CompressedClusters: Sendable {
    private let file: any Source
    private let layout: any ClusterLayout
    private let decoder: any ClusterDecoder
    private let cache: DecodedCache
    private let owner: Int

    /// Those of `file`, which `decoder` decodes.
    init(
        _ file: any Source, _ layout: any ClusterLayout, _ decoder: any ClusterDecoder, _ cache: DecodedCache
    ) {
        self.file = file
        self.layout = layout
        self.decoder = decoder
        self.cache = cache
        owner = cache.newOwner()
    }

    deinit {
        cache.remove(owner: owner)
    }

    private func unit(_ cluster: CompressedCluster) -> DecodedCache.Unit {
        DecodedCache.Unit(owner: owner, number: Int(cluster.number))
    }

    /// The content of `cluster`, if it is in the cache.
    func cached(_ cluster: CompressedCluster) -> [UInt8]? { cache.cached(unit(cluster), piece: 0) }

    /// Whether `cluster` is in the cache, or being decoded.
    func isUnderWay(_ cluster: CompressedCluster) -> Bool { cache.isUnderWay(unit(cluster), piece: 0) }

    /// The content of `cluster`: all of it, also of the last cluster of a disk that ends inside.
    func content(of cluster: CompressedCluster) throws(ImageError) -> [UInt8] {
        try cache.piece(unit(cluster), 0) { publish throws(ImageError) in
            let content = try decode(cluster)
            publish(0, [content])
            return content
        }
    }

    private func decode(_ cluster: CompressedCluster) throws(ImageError) -> [UInt8] {
        guard cluster.offset < file.size else {
            throw error(cluster, ImageError(.corrupt, "the end of the file is at \(file.size)"))
        }
        do throws(ImageError) {
            var content = cache.emptyPiece(Int(layout.clusterSize))
            try decoder.decode(cluster, of: file, into: &content)
            return content
        } catch {
            throw self.error(cluster, error)
        }
    }

    private func error(_ cluster: CompressedCluster, _ error: ImageError) -> ImageError {
        var placed = error
        placed.path =
            [layout.formatName, "compressed \(layout.terms.cluster) at \(cluster.offset)"] + error.path
        return placed
    }
}
