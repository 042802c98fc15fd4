extension ClusterDisk {
    package func prefetch(_ range: Range<UInt64>) throws(ImageError) {
        // More than this would push its own beginning out of the cache.
        let end = min(range.upperBound, range.lowerBound + engine.cache.plan.readAhead)
        guard range.lowerBound < end else { return }
        let help = readAhead.share(range.lowerBound..<end, of: self)
        defer { help?.end() }
        try prefetchContent(of: range.lowerBound..<end)
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
