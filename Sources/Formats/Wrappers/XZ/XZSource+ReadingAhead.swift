import Synchronization

extension XZSource {
    package func prefetch(_ range: Range<UInt64>) throws(ImageError) {
        let end = min(range.upperBound, range.lowerBound + engine.cache.plan.readAhead)
        spans.want(range.lowerBound..<end)
        readAhead(from: range.lowerBound, to: end)
        var position = range.lowerBound
        while position < end {
            switch try content(at: position, taking: 0, isSequential: true) {
            case .zeroes(let count): position += count
            case .bytes(let bytes, let index): position += UInt64(bytes.count - index)
            }
        }
    }

    /// Reads ahead of whoever reads on and on.
    ///
    /// Returns whether this is such a reader.
    @discardableResult
    func noteRead(_ range: Range<UInt64>) -> Bool {
        guard readers.withLock({ $0.isSequential(range) }) else { return false }
        lastSequential.store(monotonicTime(), ordering: .relaxed)
        if range.upperBound < size {
            readAhead(
                from: range.upperBound, to: min(size, range.upperBound + engine.cache.plan.readAhead))
        }
        return true
    }

    /// Has the workers decode what lies between `position` and `end`, as far as they are free: each takes the rest of one span,
    /// or a block that is not known yet.
    private func readAhead(from position: UInt64, to end: UInt64) {
        var position = position
        var tasks = 0
        while position < end, tasks < engine.workers.count {
            // Whoever reads what cannot be read is told what is wrong with it.
            guard let place = try? spans.placeNow(position) else {
                let block = structure.block(at: position)
                guard spans.isDecodedWhole(block) else { return spans.want(position..<end) }
                let start = position
                if spans.isUnknown(block) {
                    tasks += 1
                    submitAhead(start) { _ = try? self.spans.place(start, taking: 0) }
                }
                position = structure.end(of: block)
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
            case .filtered(let block):
                guard spans.isDecodedWhole(block) else { return }
                if !filtered.isUnderWay(block) {
                    tasks += 1
                    submitAhead(structure.blocks[block].start) {
                        _ = try? self.filtered.piece(block, piece: 0, taking: 0)
                    }
                }
                position = structure.end(of: block)
            case .open, .piece:
                return spans.want(position..<end)
            }
        }
    }

    /// The piece of `span` from which a reader who comes to `position` has it decoded ahead; nil where nothing is missing, or only what it
    /// has passed was decoded, and the decoder has gone.
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

    /// Has a worker run `task`, which decodes what starts at `start`, unless that is queued already.
    private func submitAhead(_ start: UInt64, _ task: @escaping @Sendable () -> Void) {
        guard queued.withLock({ $0.insert(start).inserted }) else { return }
        let isTaken = engine.workers.submit(.ahead) {
            self.queued.withLock { _ = $0.remove(start) }
            task()
        }
        if !isTaken { queued.withLock { _ = $0.remove(start) } }
    }
}
