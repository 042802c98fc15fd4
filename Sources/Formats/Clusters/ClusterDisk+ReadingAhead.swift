extension ClusterDisk {
    package func prefetch(_ range: Range<UInt64>) throws(ImageError) {
        // More than this would push its own beginning out of the cache.
        let end = min(range.upperBound, range.lowerBound + engine.cache.plan.readAhead)
        guard range.lowerBound < end else { return }
        let help = readAhead.share(range.lowerBound..<end, of: self)
        defer { help?.end() }
        var position = range.lowerBound
        while position < end {
            guard let run = try map.run(in: position..<end, mayWait: true) else { return }
            position = run.range.upperBound
            switch run.content {
            case .zero:
                break
            case .compressed(let cluster):
                readAhead.noteCompressed()
                _ = try clusters.content(of: cluster, taking: 0)
            case .unallocated:
                guard let backing, run.range.lowerBound < backing.source.size else { break }
                let held = run.range.lowerBound..<min(position, backing.source.size)
                try backing.naming { () throws(ImageError) in try backing.source.prefetch(held) }
            case .data(let offset):
                guard offset < data.size else { break }
                let count = min(position - run.range.lowerBound, data.size - offset)
                try data.prefetch(offset..<offset + count)
            }
        }
    }

    /// Decodes the compressed clusters of `range` that are not decoded yet, until `isOver`. Errors are ignored: a read
    /// of the damaged cluster reports them.
    func decode(_ range: Range<UInt64>, until isOver: () -> Bool) {
        var position = range.lowerBound
        while position < range.upperBound, !isOver() {
            guard let run = try? map.run(in: position..<range.upperBound, mayWait: true) else { return }
            if case .compressed(let cluster) = run.content, !clusters.isUnderWay(cluster) {
                _ = try? clusters.content(of: cluster, taking: 0)
            }
            position = run.range.upperBound
        }
    }
}
