/// Maps offsets of a disk to their content.
struct ClusterMap: Sendable {
    let tables: ClusterTables

    /// True if the data file by itself is the disk, too.
    var hasRawDataFile = false

    /// The longest run of equal content from the start of `range`, which lies on the disk and is not empty.
    ///
    /// Returns nil if finding the run would wait and `mayWait` is false. Throws if the tables are invalid there.
    func run(in range: Range<UInt64>, mayWait: Bool) throws(ImageError) -> ClusterRun? {
        do throws(ImageError) {
            return try tabledRun(in: range, mayWait: mayWait)
        } catch {
            guard hasRawDataFile else { throw error }
            // (docs/interop/qcow2.txt, "Raw external data") The file holds all of the disk, zeroes too: no read has to
            // fail for lack of tables.
            let clusterSize = tables.geometry.clusterSize
            let end = range.lowerBound & ~(clusterSize - 1) + clusterSize
            return ClusterRun(
                range: range.lowerBound..<min(end, range.upperBound), content: .data(range.lowerBound))
        }
    }

    /// The run at the start of `range` by the tables. Returns nil if finding it would wait and `mayWait` is false.
    private func tabledRun(in range: Range<UInt64>, mayWait: Bool) throws(ImageError) -> ClusterRun? {
        guard let found = try tables.lookUp(range.lowerBound, before: range.upperBound, mayWait: mayWait)
        else { return nil }
        let content: ClusterContent
        var end: UInt64
        switch found {
        case .nothing(let until):
            content = .unallocated
            end = until
        case .slice(let slice):
            content = try slice.content(at: range.lowerBound, tables.layout)
            if case .compressed(let cluster) = content {
                let end = (cluster.number + 1) << tables.geometry.clusterBits
                return ClusterRun(range: range.lowerBound..<min(end, range.upperBound), content: content)
            }
            end = Self.end(of: content, range, in: slice, tables.layout)
            guard end == slice.range.upperBound else {
                return ClusterRun(range: range.lowerBound..<min(end, range.upperBound), content: content)
            }
        }
        while end < range.upperBound {
            // Errors further on, and tables that would have to be read first, are left to the call that starts there.
            guard let found = try? tables.lookUp(end, before: range.upperBound, mayWait: mayWait) else {
                break
            }
            if case .nothing(let until) = found {
                guard content == .unallocated else { break }
                end = until
            } else if case .slice(let slice) = found {
                guard let next = try? slice.content(at: end, tables.layout),
                    content.goesOn(with: next, after: end - range.lowerBound)
                else { break }
                end = Self.end(of: content, range, in: slice, tables.layout)
                guard end == slice.range.upperBound else { break }
            }
        }
        return ClusterRun(range: range.lowerBound..<min(end, range.upperBound), content: content)
    }

    /// The end of the compressed clusters from the start of `range` on. Ends early if the tables end, are damaged, or
    /// would have to be read first and `mayWait` is false.
    func endOfCompressed(in range: Range<UInt64>, mayWait: Bool) -> UInt64 {
        let clusterSize = tables.geometry.clusterSize
        var end = range.lowerBound
        while end < range.upperBound,
            let found = try? tables.lookUp(end, before: range.upperBound, mayWait: mayWait),
            case .slice(let slice) = found
        {
            let limit = min(slice.range.upperBound, range.upperBound)
            while end < limit, let content = try? slice.content(at: end, tables.layout),
                case .compressed = content
            {
                end = end & ~(clusterSize - 1) + clusterSize
            }
            guard end >= limit else { break }
        }
        return min(end, range.upperBound)
    }

    /// The end in `slice` of `content`, which lies at the start of `range`. At most the end of the unit that holds the
    /// end of `range`.
    private static func end(
        of content: ClusterContent, _ range: Range<UInt64>, in slice: L2Slice, _ layout: any ClusterLayout
    ) -> UInt64 {
        let unit: UInt64 = 1 << slice.geometry.unitBits
        let last = min(range.upperBound, slice.range.upperBound)
        var end = max(range.lowerBound, slice.range.lowerBound) & ~(unit - 1) + unit
        while end < last, let next = try? slice.content(at: end, layout),
            content.goesOn(with: next, after: end - range.lowerBound)
        {
            end += unit
        }
        return end
    }
}
