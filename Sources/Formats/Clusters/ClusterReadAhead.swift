import Synchronization

/// Lets workers decode compressed clusters before they are read: those ahead of sequential readers, and the later ones
/// of a large read.
final class ClusterReadAhead: Sendable {
    /// A large read that workers help with.
    final class Help: Sendable {
        private let isOver = Atomic(false)

        /// True if nobody waits for the read any more.
        var hasEnded: Bool { isOver.load(ordering: .relaxed) }

        func end() { isOver.store(true, ordering: .relaxed) }
    }

    /// The bytes of the disk that a worker decodes at once. A multiple of the cluster size.
    private let batchSize: UInt64

    /// The smallest read, in bytes, that is worth sharing among workers.
    private let largeRead: UInt64

    private let workers: Workers

    /// True if any cluster turned out to be compressed. Otherwise there is nothing to decode.
    private let hasCompressed = Atomic(false)
    private let readers = Mutex(SequentialReaders())

    /// The start offsets of the queued batches.
    private let queued = Mutex<Set<UInt64>>([])

    init(clusterSize: UInt64, _ engine: Engine) {
        batchSize = max(clusterSize, 512 << 10)
        largeRead = max(clusterSize * 2, 128 << 10)
        workers = engine.workers
    }

    func noteCompressed() {
        // Stored only once, as each store makes every core fetch the value again.
        if !hasCompressed.load(ordering: .relaxed) { hasCompressed.store(true, ordering: .relaxed) }
    }

    /// Notes a read of `range` that is about to begin, and lets workers help with it if it is large.
    func begin(_ range: Range<UInt64>, of disk: ClusterDisk) -> Help? {
        guard hasCompressed.load(ordering: .relaxed), !note(range, of: disk) else { return nil }
        return share(range, of: disk)
    }

    /// Lets workers decode all of `range` but its first part, where the caller itself begins. Returns nil if `range` is
    /// small, or if there is only one worker.
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

    /// Notes a read of `range`. Returns true if it is a sequential reader's; workers then decode ahead of it.
    @discardableResult
    func note(_ range: Range<UInt64>, of disk: ClusterDisk) -> Bool {
        guard hasCompressed.load(ordering: .relaxed), readers.withLock({ $0.isSequential(range) }) else {
            return false
        }
        // Once for each batch that was read, which is often enough.
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
