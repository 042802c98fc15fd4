// Estimates of the time that reading takes.
extension SeekSpans {
    /// An estimate of the time to decode what lies at `offset`, in microseconds. If that is nil, of the time at the
    /// slowest place.
    func decodingTime(at offset: UInt64?) -> UInt64 {
        guard let offset else {
            let known = indexState
            return known.isComplete ? UInt64(known.worstSpan) : max(UInt64(known.worstSpan), worstBlock)
        }
        let block = scheme.block(at: offset)
        let range = range(of: block)
        let (span, before) = state.withLock { state in
            (state.table.span(at: offset), state.table.neighbours(of: offset).before)
        }
        if let span { return UInt64(span.time) }
        let whole = scheme.decodingTime(of: block)
        guard !isDecodedWhole(block) else { return whole / 1000 }
        // A pass goes on from the last known span.
        let start = max(before?.range.upperBound ?? 0, range.lowerBound)
        let share = Double(offset - start) / Double(range.upperBound - range.lowerBound)
        return UInt64(Double(whole / 1000) * share)
    }
}
