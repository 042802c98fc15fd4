/// Reads compressed clusters: each is a unit of the cache of its own, of one piece.
final class CompressedClusters: Sendable {
    enum Codec: Sendable {
        case deflate
        case zstd
    }

    private let file: any Source
    private let layout: ClusterLayout
    private let codec: Codec
    private let cache: DecodedCache
    private let owner: Int

    /// Those of `file`, compressed with `codec`.
    init(_ file: any Source, _ layout: ClusterLayout, _ codec: Codec, _ cache: DecodedCache) {
        self.file = file
        self.layout = layout
        self.codec = codec
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
        // Reading may fail for reasons of the file's own, which says so.
        let bytes = try file.bytes(
            at: cluster.offset, count: Int(min(cluster.count, file.size - cluster.offset)))
        do throws(ImageError) {
            let count = Int(layout.clusterSize)
            var content = cache.emptyPiece(count)
            switch codec {
            case .deflate: try DeflateDecoder.decode(bytes, count: count, into: &content)
            case .zstd: try ZstdDecoder.decode(bytes, count: count, into: &content)
            }
            return content
        } catch {
            throw self.error(cluster, error)
        }
    }

    private func error(_ cluster: CompressedCluster, _ error: ImageError) -> ImageError {
        var placed = error
        placed.path = [layout.formatName, "compressed cluster at \(cluster.offset)"] + error.path
        return placed
    }
}
