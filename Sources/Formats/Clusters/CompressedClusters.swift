/// Reads compressed clusters. Each is a unit of the cache with a single piece.
final class CompressedClusters: Sendable {
    private let file: any Source
    private let layout: any ClusterLayout
    let decoder: any ClusterDecoder
    private let cache: DecodedCache
    private let owner: Int

    /// Creates a reader of the clusters of `file`, which `decoder` decodes.
    init(
        _ file: any Source, _ layout: any ClusterLayout, _ decoder: any ClusterDecoder, _ cache: DecodedCache
    ) {
        self.file = file
        self.layout = layout
        self.decoder = decoder
        self.cache = cache
        owner = cache.newOwner()
    }

    /// The rounds of the cache's clock for which a cluster stays after its first read, which most often takes only a part.
    private static let rounds = 2

    deinit {
        cache.remove(owner: owner)
    }

    private func unit(_ cluster: CompressedCluster) -> DecodedCache.Unit {
        DecodedCache.Unit(owner: owner, number: Int(cluster.number))
    }

    /// The content of `cluster` if it is in the cache. A reader takes `count` bytes of it.
    func cached(_ cluster: CompressedCluster, taking count: Int) -> [UInt8]? {
        cache.cached(unit(cluster), piece: 0, taking: count)
    }

    /// True if `cluster` is in the cache or being decoded.
    func isUnderWay(_ cluster: CompressedCluster) -> Bool { cache.isUnderWay(unit(cluster), piece: 0) }

    /// The content of `cluster`, all of it, including the part of the last cluster past the end of the disk. A reader
    /// takes `count` bytes of it; 0 if it is only decoded ahead.
    func content(of cluster: CompressedCluster, taking count: Int) throws(ImageError) -> [UInt8] {
        // No memory is claimed for the decoder: decoders of clusters are small. A thread that decodes one waits only
        // for layers below, never for a layer above, which would be the one that holds memory.
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
