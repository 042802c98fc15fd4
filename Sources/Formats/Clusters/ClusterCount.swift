/// How many clusters of which kind some tables tell of.
struct ClusterCount {
    /// The bytes of the disk that there are clusters or subclusters for.
    var allocated: UInt64 = 0
    var data: UInt64 = 0
    var compressed: UInt64 = 0
    var zero: UInt64 = 0
    /// Entries that make no sense, and tables that are not there.
    var damaged: UInt64 = 0

    static func += (total: inout ClusterCount, more: ClusterCount) {
        total.allocated += more.allocated
        total.data += more.data
        total.compressed += more.compressed
        total.zero += more.zero
        total.damaged += more.damaged
    }
}

extension ClusterLayout {
    func count(_ slice: L2Slice, before end: UInt64) -> ClusterCount {
        var total = ClusterCount()
        let step = Int(1 << entryWordBits)
        var position = slice.range.lowerBound
        for index in stride(from: 0, to: slice.words.count, by: step) where position < end {
            let (entry, second) = (slice.words[index], step == 1 ? 0 : slice.words[index + 1])
            // Most of most tables.
            if entry != 0 || second != 0 { count(position, entry, second, &total) }
            position += clusterSize
        }
        return total
    }

    /// Counts the cluster at `position`, by its entry.
    private func count(_ position: UInt64, _ entry: UInt64, _ second: UInt64, _ total: inout ClusterCount) {
        let content: ClusterContent
        do throws(ImageError) {
            content = try self.content(at: position, entry, second)
        } catch {
            total.damaged += 1
            return
        }
        if case .compressed = content {
            total.compressed += 1
            total.allocated += clusterSize
        } else if entryWordBits > 0 {
            let subclusters = (second & 0xFFFF_FFFF).nonzeroBitCount
            total.allocated += UInt64(subclusters) << unitBits
            if subclusters > 0 { total.data += 1 } else if second != 0 { total.zero += 1 }
        } else if case .data = content {
            total.data += 1
            total.allocated += clusterSize
        } else if content == .zero {
            total.zero += 1
        }
    }
}
