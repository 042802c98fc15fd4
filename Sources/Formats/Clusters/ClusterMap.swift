/// Where everything on a disk is.
struct ClusterMap: Sendable {
    let tables: ClusterTables

    /// Whether the data file is the disk also by itself.
    var hasRawDataFile = false

    /// The run at the start of `range`, as far as it goes; nil where that takes waiting and `mayWait` is false.
    ///
    /// `range` lies on the disk, and is not empty. Throws where the tables make no sense there.
    func run(in range: Range<UInt64>, mayWait: Bool) throws(ImageError) -> ClusterRun? {
        do throws(ImageError) {
            return try tabledRun(in: range, mayWait: mayWait)
        } catch {
            guard hasRawDataFile else { throw error }
            // (docs/interop/qcow2.txt, "Raw external data") The file has all of the disk, zeroes too: no read has to fail for want
            // of tables.
            let clusterSize = tables.geometry.clusterSize
            let end = range.lowerBound & ~(clusterSize - 1) + clusterSize
            return ClusterRun(
                range: range.lowerBound..<min(end, range.upperBound), content: .data(range.lowerBound))
        }
    }

    /// The run at the start of `range` by the tables; nil where that takes waiting and `mayWait` is false.
    private func tabledRun(in range: Range<UInt64>, mayWait: Bool) throws(ImageError) -> ClusterRun? {
        guard let place = try tables.place(range.lowerBound, before: range.upperBound, mayWait: mayWait)
        else { return nil }
        let content: ClusterContent
        var end: UInt64
        switch place {
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
            // What is wrong further on, or not at hand, is left to whoever gets there.
            guard let place = try? tables.place(end, before: range.upperBound, mayWait: mayWait) else {
                break
            }
            if case .nothing(let until) = place {
                guard content == .unallocated else { break }
                end = until
            } else if case .slice(let slice) = place {
                guard let next = try? slice.content(at: end, tables.layout),
                    content.goesOn(with: next, after: end - range.lowerBound)
                else { break }
                end = Self.end(of: content, range, in: slice, tables.layout)
                guard end == slice.range.upperBound else { break }
            }
        }
        return ClusterRun(range: range.lowerBound..<min(end, range.upperBound), content: content)
    }

    /// Where the compressed clusters end that the start of `range` is in the first of; not past an end of what is at hand
    /// of the tables.
    func endOfCompressed(in range: Range<UInt64>, mayWait: Bool) -> UInt64 {
        let clusterSize = tables.geometry.clusterSize
        var end = range.lowerBound
        while end < range.upperBound,
            let place = try? tables.place(end, before: range.upperBound, mayWait: mayWait),
            case .slice(let slice) = place
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

    /// Where `content`, which the start of `range` has, ends in `slice`, or where the unit that holds the end of `range` does.
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
