/// The number of clusters of each kind in some tables.
struct ClusterCount {
    /// The bytes of the disk that have clusters or subclusters.
    var allocated: UInt64 = 0
    var data: UInt64 = 0
    var compressed: UInt64 = 0
    var zero: UInt64 = 0
    /// Invalid entries, and tables that are missing.
    var damaged: UInt64 = 0
    /// Clusters with data, compressed or not, that start past the end of the file.
    var missing = MissingCount()
    /// The compressed cluster that starts last in the file.
    var lastCompressed: CompressedCluster?

    static func += (total: inout ClusterCount, more: ClusterCount) {
        total.allocated += more.allocated
        total.data += more.data
        total.compressed += more.compressed
        total.zero += more.zero
        total.damaged += more.damaged
        total.missing += more.missing
        if let last = more.lastCompressed { total.note(last) }
    }

    /// Keeps `cluster`, which starts inside the file, if it is the last so far.
    mutating func note(_ cluster: CompressedCluster) {
        if let last = lastCompressed, last.offset >= cluster.offset { return }
        lastCompressed = cluster
    }
}

extension ClusterLayout {
    func count(_ slice: L2Slice, before end: UInt64, in dataSize: UInt64) -> ClusterCount {
        var total = ClusterCount()
        let step = Int(1 << entryWordBits)
        var position = slice.range.lowerBound
        for index in stride(from: 0, to: slice.words.count, by: step) where position < end {
            let (entry, second) = (slice.words[index], step == 1 ? 0 : slice.words[index + 1])
            // Most entries of most tables are zero.
            if entry != 0 || second != 0 { count(position, entry, second, dataSize, &total) }
            position += clusterSize
        }
        return total
    }

    /// Counts the cluster at `position`, by its entry.
    private func count(
        _ position: UInt64, _ entry: UInt64, _ second: UInt64, _ dataSize: UInt64,
        _ total: inout ClusterCount
    ) {
        let allocated = second & 0xFFFF_FFFF
        let hasSubclusters = entryWordBits > 0 && allocated != 0
        // All subclusters lie in one cluster, so any of them locates it.
        let inCluster = hasSubclusters ? UInt64(allocated.trailingZeroBitCount) << unitBits : 0
        let content: ClusterContent
        do throws(ImageError) {
            content = try self.content(at: position + inCluster, entry, second)
        } catch {
            total.damaged += 1
            return
        }
        switch content {
        case .compressed(let cluster):
            total.compressed += 1
            total.allocated += clusterSize
            if cluster.offset < dataSize { total.note(cluster) } else { total.missing.add(at: position) }
        case .data(let offset):
            total.data += 1
            total.allocated += hasSubclusters ? UInt64(allocated.nonzeroBitCount) << unitBits : clusterSize
            if offset - inCluster >= dataSize { total.missing.add(at: position) }
        case .zero, .unallocated:
            // The first subcluster may be unallocated and later ones zero.
            if content == .zero || second != 0 { total.zero += 1 }
        }
    }
}
