// Zeroes that an index claims. They count as known, and are returned, once the detail of their span proves them.
extension SeekSpans {
    /// The number of times that spans were forgotten because they were wrong.
    var generation: Int { state.withLock { $0.generation } }

    /// True if zeroes are claimed in `span` that its detail has not proved yet.
    func isClaimed(_ span: SeekSpan) -> Bool { state.withLock { $0.table.isClaimed(span) } }

    /// Lets the detail of `span`, which is of `generation`, prove the zeroes claimed in it.
    ///
    /// Returns true if that changes what is known: offsets must then be looked up again. Drops the index if the detail
    /// is invalid.
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

    /// The data or zeroes at the start of `range`. Nil if zeroes are claimed there that a detail must prove first.
    func extentNow(in range: Range<UInt64>) -> Extent? {
        state.withLock { state in
            if let span = state.table.span(at: range.lowerBound), state.table.isClaimed(span) { return nil }
            let extent = state.table.extent(at: range.lowerBound, size: size)
            return Extent(extent.range.clamped(to: range), extent.kind)
        }
    }

    /// Forgets `span`, as the index keeps nothing of it any more.
    func forget(_ span: SeekSpan) {
        let block = scheme.block(at: span.range.lowerBound)
        state.change { state in
            guard state.table.span(at: span.range.lowerBound) == span else { return }
            state.generation += 1
            state.table.remove(span.range)
            state.firstUnknown = min(state.firstUnknown, block)
        }
    }
}
