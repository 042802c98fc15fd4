/// A disk stored in clusters, found through two levels of tables: qcow, qcow2, or a sparse extent of VMDK.
package final class ClusterDisk: MappedSource {
    package let size: UInt64

    package let bitmaps: [any DirtyBitmap]

    let map: ClusterMap
    let clusters: CompressedClusters
    let data: Base
    let backing: Base?
    let layout: any ClusterLayout
    /// The size of a cluster, in bytes.
    let clusterSize: UInt64

    let engine: Engine
    let readAhead: ClusterReadAhead

    /// Creates a disk of `size` bytes. `data` is the file that holds its clusters, and `clusters` reads the compressed
    /// ones.
    init(
        size: UInt64, _ layout: any ClusterLayout, _ map: ClusterMap, data: Base,
        clusters: CompressedClusters, backing: Base?, bitmaps: [any DirtyBitmap] = [],
        _ engine: Engine
    ) {
        self.size = size
        self.layout = layout
        clusterSize = layout.clusterSize
        self.map = map
        self.data = data
        self.clusters = clusters
        self.backing = backing
        self.bitmaps = bitmaps
        self.engine = engine
        readAhead = ClusterReadAhead(clusterSize: clusterSize, engine)
    }

    // MARK: Reading

    package func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        // First, so that the workers decode ahead while this read decodes.
        let help = readAhead.begin(offset..<offset + UInt64(buffer.count), of: self)
        defer { help?.end() }
        _ = try fill(&buffer, at: offset, for: .reading)
    }

    package func fillNow(
        _ buffer: inout MutableSpan<UInt8>, at offset: UInt64
    ) throws(ImageError) -> Bool {
        let isHere = try fill(&buffer, at: offset, for: .readingNow)
        // If false, the same read is repeated through `fill`.
        if isHere { readAhead.note(offset..<offset + UInt64(buffer.count), of: self) }
        return isHere
    }

    // MARK: Content

    package var bases: [Base] { [data] + (backing.map { [$0] } ?? []) }

    package func content(in range: Range<UInt64>, for purpose: Purpose) throws(ImageError) -> Content? {
        guard let run = try map.run(in: range, mayWait: purpose.mayWait) else { return nil }
        switch run.content {
        case .zero:
            // A hole even if the image allocates space for the zeroes, as with qemu-nbd.
            return Content(run.range, .hole)
        case .unallocated:
            return unallocated(run.range)
        case .data(let offset):
            return try stored(run.range, at: offset, purpose)
        case .compressed(let cluster):
            guard !purpose.describes else {
                let end = map.endOfCompressed(in: range, mayWait: purpose.mayWait)
                return .data(range.lowerBound..<max(end, run.range.upperBound))
            }
            let bytes = try decoded(
                cluster, taking: Int(run.range.upperBound - run.range.lowerBound), purpose)
            return bytes.map {
                Content(run.range, .decoded($0, from: Int(range.lowerBound & (clusterSize - 1))))
            }
        }
    }

    /// The content of `range`, which the image does not hold.
    private func unallocated(_ range: Range<UInt64>) -> Content {
        guard let backing else { return Content(range, .hole, depth: 0) }
        // qemu counts the zeroes past the end of a shorter backing file as that file's.
        guard range.lowerBound < backing.size else { return Content(range, .hole, depth: 2) }
        return Content(range.clamped(to: 0..<backing.size), .base(backing, at: range.lowerBound))
    }

    /// The content of `range`, which lies at `offset` of the data file.
    ///
    /// A file may end inside its last cluster: the missing part reads as zeroes, as with qemu. A cluster that starts
    /// past the end is missing altogether: the file is truncated.
    private func stored(
        _ range: Range<UInt64>, at offset: UInt64, _ purpose: Purpose
    ) throws(ImageError) -> Content {
        if offset < data.size {
            let held = min(range.upperBound - range.lowerBound, data.size - offset)
            return Content(range.lowerBound..<range.lowerBound + held, .base(data, at: offset))
        }
        let inCluster = range.lowerBound & (clusterSize - 1)
        if offset - inCluster < data.size {
            let end = min(range.upperBound, range.lowerBound - inCluster + clusterSize)
            return Content(range.lowerBound..<end, .zero)
        }
        guard purpose.reads else { return .data(range) }
        throw ImageError(
            .corrupt,
            "the \(layout.terms.cluster) at \(offset - inCluster), for disk offset \(range.lowerBound - inCluster), lies "
                + "past the end of \(layout.terms.data) at \(data.size): it is cut short",
            path: [layout.formatName])
    }

    /// The content of `cluster`, of which a reader takes `count` bytes. Nil if it takes decoding, and `purpose` does not allow that.
    private func decoded(
        _ cluster: CompressedCluster, taking count: Int, _ purpose: Purpose
    ) throws(ImageError) -> [UInt8]? {
        guard purpose.mayWait else { return clusters.cached(cluster, taking: count) }
        readAhead.noteCompressed()
        return try clusters.content(of: cluster, taking: purpose == .readingAhead ? 0 : count)
    }
}
