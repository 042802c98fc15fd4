import Synchronization

/// Has workers decode compressed clusters before they are read: those ahead of whoever reads on and on, and the later
/// ones of a large read.
final class ClusterReadAhead: Sendable {
    /// A large read that workers help with.
    final class Help: Sendable {
        private let isOver = Atomic(false)

        /// Whether nobody waits for it any more.
        var hasEnded: Bool { isOver.load(ordering: .relaxed) }

        func end() { isOver.store(true, ordering: .relaxed) }
    }

    /// How much a worker decodes at once, in bytes of the disk; a multiple of the size of a cluster.
    private let batchSize: UInt64

    /// From where on a read is worth sharing among workers, in bytes.
    private let largeRead: UInt64

    private let workers: Workers

    /// Whether any cluster turned out to be compressed; otherwise there is nothing to decode.
    private let hasCompressed = Atomic(false)
    private let readers = Mutex(SequentialReaders())

    /// Where the batches that are queued start.
    private let queued = Mutex<Set<UInt64>>([])

    init(clusterSize: UInt64, _ engine: Engine) {
        batchSize = max(clusterSize, 512 << 10)
        largeRead = max(clusterSize * 2, 128 << 10)
        workers = engine.workers
    }

    /// Notes that a cluster is compressed.
    func noteCompressed() {
        // Only once, as every core would otherwise fetch it anew.
        if !hasCompressed.load(ordering: .relaxed) { hasCompressed.store(true, ordering: .relaxed) }
    }

    /// Notes a read of `range` that is about to begin, and gets workers to help with it where that is worth it.
    func begin(_ range: Range<UInt64>, of disk: ClusterDisk) -> Help? {
        guard hasCompressed.load(ordering: .relaxed), !note(range, of: disk) else { return nil }
        return share(range, of: disk)
    }

    /// Gets workers to decode all of `range` but its first part, with which the caller begins itself, where it is large.
    func share(_ range: Range<UInt64>, of disk: ClusterDisk) -> Help? {
        let count = range.upperBound - range.lowerBound
        guard count >= largeRead, workers.count > 1 else { return nil }
        let help = Help()
        let part = max(count / UInt64(workers.count), disk.clusterSize)
        var start = range.lowerBound + part
        while start < range.upperBound {
            let rest = start..<min(start + part, range.upperBound)
            guard workers.submit(.ahead, { disk.decode(rest, until: { help.hasEnded }) }) else { break }
            start = rest.upperBound
        }
        return help
    }

    /// Notes a read of `range`; true where somebody reads on and on, ahead of whom workers decode.
    @discardableResult
    func note(_ range: Range<UInt64>, of disk: ClusterDisk) -> Bool {
        guard hasCompressed.load(ordering: .relaxed), readers.withLock({ $0.isSequential(range) }) else {
            return false
        }
        // Each time a batch has been read, which is often enough.
        let batch = range.upperBound / batchSize
        if range.lowerBound / batchSize != batch {
            readAhead(
                from: (batch + (range.upperBound.isMultiple(of: batchSize) ? 0 : 1)) * batchSize, of: disk)
        }
        return true
    }

    private func readAhead(from start: UInt64, of disk: ClusterDisk) {
        var start = start
        for _ in 0..<workers.count + 1 where start < disk.size {
            let batch = start..<min(start + batchSize, disk.size)
            start = batch.upperBound
            guard queued.withLock({ $0.insert(batch.lowerBound).inserted }) else { continue }
            let isTaken = workers.submit(.ahead) {
                disk.decode(batch, until: { false })
                self.queued.withLock { _ = $0.remove(batch.lowerBound) }
            }
            guard isTaken else {
                queued.withLock { _ = $0.remove(batch.lowerBound) }
                break
            }
        }
    }
}
