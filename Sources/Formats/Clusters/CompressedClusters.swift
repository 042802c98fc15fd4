/// Reads compressed clusters: each is a unit of the cache of its own, of one piece.
final class CompressedClusters: Sendable {
    private let file: any Source
    private let layout: any ClusterLayout
    let decoder: any ClusterDecoder
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

    /// For a cluster that was read once, most often in part.
    private static let rounds = 2

    deinit {
        cache.remove(owner: owner)
    }

    private func unit(_ cluster: CompressedCluster) -> DecodedCache.Unit {
        DecodedCache.Unit(owner: owner, number: Int(cluster.number))
    }

    /// The content of `cluster`, of which a reader takes `count` bytes, if it is in the cache.
    func cached(_ cluster: CompressedCluster, taking count: Int) -> [UInt8]? {
        cache.cached(unit(cluster), piece: 0, taking: count)
    }

    /// Whether `cluster` is in the cache, or being decoded.
    func isUnderWay(_ cluster: CompressedCluster) -> Bool { cache.isUnderWay(unit(cluster), piece: 0) }

    /// The content of `cluster`, of which a reader takes `count` bytes, or nobody any yet: all of it, also of the last cluster of a disk
    /// that ends inside.
    func content(of cluster: CompressedCluster, taking count: Int) throws(ImageError) -> [UInt8] {
        // No memory is claimed for it: the decoders of clusters are small, and whoever decodes one waits for layers below, never
        // for a layer above, which would be the one that has memory.
        try cache.piece(
            unit(cluster), 0, taking: count,
            decode: { turn throws(ImageError) in
                let content = try decode(cluster)
                cache.publish(
                    turn, 0, content, for: count > 0 ? .again(rounds: Self.rounds) : .ahead(taken: 0))
                return (content, nil)
            })
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
