// Zeroes that an index claims: they are known, and given out, once the detail of their span proves them.
extension XZSpans {
    /// How often something that was known has been forgotten.
    var generation: Int { state.withLock { $0.generation } }

    /// Whether zeroes are claimed in `span` that its detail has not proved yet.
    func isClaimed(_ span: SeekSpan) -> Bool { state.withLock { $0.table.isClaimed(span) } }

    /// Has the detail of `span`, which is of this `generation`, prove the zeroes that are claimed in it.
    ///
    /// Returns whether that changes what is known: what is at an offset is to be looked up again then. Where the detail is no good
    /// the index is dropped.
    func proveZeroes(of span: SeekSpan, _ generation: Int) -> Bool {
        guard isClaimed(span) else { return false }
        do throws(ImageError) {
            let hashes = try detail(of: span).hashes
            state.change { state in
                if state.generation == generation { state.table.prove(span, by: hashes) }
            }
        } catch {
            drop(generation)
        }
        return true
    }

    /// The data or zeroes at the start of `range`.
    func extent(in range: Range<UInt64>) -> Extent {
        while true {
            if let extent = extentNow(in: range) { return extent }
            let (span, generation) = state.withLock { state in
                (state.table.span(at: range.lowerBound), state.generation)
            }
            if let span { _ = proveZeroes(of: span, generation) }
        }
    }

    /// The data or zeroes at the start of `range`; nil where zeroes are claimed there that a detail must prove first.
    func extentNow(in range: Range<UInt64>) -> Extent? {
        state.withLock { state in
            if let span = state.table.span(at: range.lowerBound), state.table.isClaimed(span) { return nil }
            let extent = state.table.extent(at: range.lowerBound, size: container.size)
            return Extent(extent.range.clamped(to: range), extent.kind)
        }
    }

    /// Forgets `span`, of which the index keeps nothing any more.
    func forget(_ span: SeekSpan) {
        let block = container.block(at: span.range.lowerBound)
        state.change { state in
            guard state.table.span(at: span.range.lowerBound) == span else { return }
            state.generation += 1
            state.table.remove(span.range)
            state.firstUnknown = min(state.firstUnknown, block)
        }
    }
}
