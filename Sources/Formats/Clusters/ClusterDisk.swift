import Synchronization

/// A disk stored in clusters, found through two levels of tables: qcow, qcow2, or a sparse extent of VMDK.
package final class ClusterDisk: Source {
    package let size: UInt64

    package let bitmaps: [any DirtyBitmap]

    let map: ClusterMap
    let clusters: CompressedClusters
    let data: any Source
    let backing: ReferencedSource?
    let layout: any ClusterLayout
    /// The size of a cluster, in bytes.
    let clusterSize: UInt64

    /// A range of the data file last found to hold data. If it no longer does, reading reports that.
    let knownData = Mutex<Range<UInt64>>(0..<0)

    let engine: Engine
    let readAhead: ClusterReadAhead

    /// Creates a disk of `size` bytes. `data` is the file that holds its clusters, and `clusters` reads the compressed
    /// ones.
    init(
        size: UInt64, _ layout: any ClusterLayout, _ map: ClusterMap, data: any Source,
        clusters: CompressedClusters, backing: ReferencedSource?, bitmaps: [any DirtyBitmap] = [],
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
        let range = offset..<offset + UInt64(buffer.count)
        // First, so that the workers decode ahead while this read decodes.
        let help = readAhead.begin(range, of: self)
        defer { help?.end() }
        _ = try fill(&buffer, range, mayWait: true)
    }

    package func fillNow(
        _ buffer: inout MutableSpan<UInt8>, at offset: UInt64
    ) throws(ImageError) -> Bool {
        let range = offset..<offset + UInt64(buffer.count)
        let isHere = try fill(&buffer, range, mayWait: false)
        // If false, the same read is repeated through `fill`.
        if isHere { readAhead.note(range, of: self) }
        return isHere
    }

    /// Fills `buffer` with `range`, run by run. Returns false if that would wait and `mayWait` is false.
    private func fill(
        _ buffer: inout MutableSpan<UInt8>, _ range: Range<UInt64>, mayWait: Bool
    ) throws(ImageError) -> Bool {
        var position = range.lowerBound
        while position < range.upperBound {
            guard let run = try map.run(in: position..<range.upperBound, mayWait: mayWait) else {
                return false
            }
            let done = Int(position - range.lowerBound)
            let count = Int(run.range.upperBound - position)
            switch run.content {
            case .zero:
                buffer.fillZeroes(count, at: done)
            case .unallocated:
                guard try fillUnallocated(&buffer, done, run.range, mayWait) else { return false }
            case .data(let offset):
                guard try fillData(&buffer, done, run.range, offset, mayWait) else { return false }
            case .compressed(let cluster):
                guard let content = try content(of: cluster, taking: count, mayWait) else { return false }
                buffer.copy(
                    content, from: Int(position & (clusterSize - 1)), count: count, to: done)
            }
            position = run.range.upperBound
        }
        return true
    }

    /// Fills `buffer`, from index `index` on, with the backing file's content in `range`.
    private func fillUnallocated(
        _ buffer: inout MutableSpan<UInt8>, _ index: Int, _ range: Range<UInt64>, _ mayWait: Bool
    ) throws(ImageError) -> Bool {
        let count = Int(range.upperBound - range.lowerBound)
        guard let backing, range.lowerBound < backing.source.size else {
            buffer.fillZeroes(count, at: index)
            return true
        }
        let held = Int(min(range.upperBound, backing.source.size) - range.lowerBound)
        buffer.fillZeroes(count - held, at: index + held)
        return try backing.naming { () throws(ImageError) in
            try buffer.withPart(held, at: index) { (part) throws(ImageError) in
                try backing.source.read(into: &part, at: range.lowerBound, mayWait: mayWait)
            }
        }
    }

    /// Fills `buffer`, from index `index` on, with `range` of the disk, which lies at `offset` of the data file.
    ///
    /// A file may end inside its last cluster: the missing part reads as zeroes, as with qemu. A cluster that starts
    /// past the end is missing altogether: the file is truncated.
    private func fillData(
        _ buffer: inout MutableSpan<UInt8>, _ index: Int, _ range: Range<UInt64>, _ offset: UInt64,
        _ mayWait: Bool
    ) throws(ImageError) -> Bool {
        let count = range.upperBound - range.lowerBound
        let held = offset < data.size ? min(count, data.size - offset) : 0
        if held < count {
            let inCluster = (range.upperBound - 1) & (clusterSize - 1)
            let cluster = offset + (count - 1) - inCluster
            guard cluster < data.size else {
                throw ImageError(
                    .corrupt,
                    "the \(layout.terms.cluster) at \(cluster), for disk offset \(range.upperBound - 1 - inCluster), lies "
                        + "past the end of \(layout.terms.data) at \(data.size): it is cut short",
                    path: [layout.formatName])
            }
            buffer.fillZeroes(Int(count - held), at: index + Int(held))
        }
        guard held > 0 else { return true }
        return try buffer.withPart(Int(held), at: index) { (part) throws(ImageError) in
            try data.read(into: &part, at: offset, mayWait: mayWait)
        }
    }

    private func content(
        of cluster: CompressedCluster, taking count: Int, _ mayWait: Bool
    ) throws(ImageError) -> [UInt8]? {
        guard mayWait else { return clusters.cached(cluster, taking: count) }
        readAhead.noteCompressed()
        return try clusters.content(of: cluster, taking: count)
    }
}
