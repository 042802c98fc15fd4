import Synchronization

extension SeekableSource {
    package func prefetch(_ range: Range<UInt64>) throws(ImageError) {
        let end = min(range.upperBound, range.lowerBound + engine.cache.plan.readAhead)
        spans.want(range.lowerBound..<end)
        readAhead(from: range.lowerBound, to: end)
        try prefetchContent(of: range.lowerBound..<end)
    }

    /// Notes a read, and reads ahead if it is a sequential reader's.
    ///
    /// Returns true if it is.
    @discardableResult
    func noteRead(_ range: Range<UInt64>) -> Bool {
        let end = readers.withLock { readers -> UInt64? in
            guard readers.isSequential(range) else { return nil }
            return min(
                size, range.upperBound + engine.cache.plan.readAhead,
                readers.start(behind: range.upperBound) ?? .max)
        }
        guard let end else { return false }
        lastSequential.store(monotonicTime(), ordering: .relaxed)
        if range.upperBound < end { readAhead(from: range.upperBound, to: end) }
        return true
    }

    /// Lets free workers decode the data between `position` and `end`. Each takes the rest of one span, or a block that
    /// is not known yet.
    private func readAhead(from position: UInt64, to end: UInt64) {
        var position = position
        var tasks = 0
        while position < end, tasks < engine.workers.count {
            // Errors are ignored: a read of the data reports them.
            guard let place = try? spans.lookUpNow(position) else {
                let block = spans.scheme.block(at: position)
                guard spans.isDecodedWhole(block) else { return spans.want(position..<end) }
                let start = position
                if spans.isUnknown(block) {
                    tasks += 1
                    submitAhead(start) { _ = try? self.spans.lookUp(start, taking: 0) }
                }
                position = spans.range(of: block).upperBound
                continue
            }
            switch place {
            case .zeroes(let end):
                position = end
            case .span(let span):
                let generation = spans.generation
                if spans.isClaimed(span) {
                    tasks += 1
                    submitAhead(span.range.lowerBound) { _ = self.spans.proveZeroes(of: span, generation) }
                } else if let wanted = missing(of: span, from: position) {
                    tasks += 1
                    submitAhead(span.range.lowerBound) {
                        try? self.decodeAhead(span, generation, from: wanted)
                    }
                }
                position = span.range.upperBound
            case .sequential(let block):
                guard spans.isDecodedWhole(block) else { return }
                if !sequential.isUnderWay(block) {
                    tasks += 1
                    submitAhead(spans.range(of: block).lowerBound) {
                        _ = try? self.sequential.piece(block, piece: 0, taking: 0)
                    }
                }
                position = spans.range(of: block).upperBound
            case .open, .piece:
                return spans.want(position..<end)
            }
        }
    }

    /// The piece from which `span` is decoded ahead for a reader that comes to `position`. Nil if nothing is missing,
    /// or if only pieces that the reader has passed were decoded, and the decoder has gone.
    private func missing(of span: SeekSpan, from position: UInt64) -> Int? {
        let start = span.range.lowerBound
        let unit = spans.unit(start)
        guard let last = spans.lastData(of: span).map({ place($0, inSpan: start).piece }),
            !engine.cache.isUnderWay(unit, piece: last)
        else { return nil }
        if let parked = engine.cache.parkedPiece(unit) { return parked <= last ? parked : nil }
        guard position <= start,
            let first = spans.firstData(of: span).map({ place($0, inSpan: start).piece }),
            !engine.cache.isUnderWay(unit, piece: first)
        else { return nil }
        return first
    }

    /// Lets a worker run `task`, which decodes data from `start` on, unless that is queued already.
    private func submitAhead(_ start: UInt64, _ task: @escaping @Sendable () -> Void) {
        guard queued.withLock({ $0.insert(start).inserted }) else { return }
        let isTaken = engine.workers.submit(.ahead) {
            self.queued.withLock { _ = $0.remove(start) }
            task()
        }
        if !isTaken { queued.withLock { _ = $0.remove(start) } }
    }
}
