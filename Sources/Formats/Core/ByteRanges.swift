/// Some of the bytes of a layer: ranges in order, none empty, none overlapping or touching the next.
package struct ByteRanges: Equatable, Sendable {
    package private(set) var runs: [Range<UInt64>] = []

    /// No runs.
    package init() {}

    /// The ranges `runs`. Nil unless they are in order, not empty, and none overlaps or touches the next.
    package init?(checking runs: [Range<UInt64>]) {
        guard runs.allSatisfy({ !$0.isEmpty }),
            zip(runs, runs.dropFirst()).allSatisfy({ $0.upperBound < $1.lowerBound })
        else { return nil }
        self.runs = runs
    }

    /// The indices of the runs that overlap `range`, or touch it.
    private func near(_ range: Range<UInt64>) -> Range<Int> {
        let first = runs.partitionPoint { $0.upperBound >= range.lowerBound }
        let end = runs.partitionPoint { $0.lowerBound > range.upperBound }
        return first..<max(first, end)
    }

    /// Adds `range`.
    package mutating func insert(_ range: Range<UInt64>) {
        guard !range.isEmpty else { return }
        let met = near(range)
        var whole = range
        if let first = runs[met].first, let last = runs[met].last {
            whole = min(first.lowerBound, range.lowerBound)..<max(last.upperBound, range.upperBound)
        }
        runs.replaceSubrange(met, with: [whole])
    }

    /// Takes `range` away: a run that it meets is cut.
    package mutating func remove(_ range: Range<UInt64>) {
        guard !range.isEmpty else { return }
        let met = near(range)
        let left = runs[met].flatMap { run in
            // The parts before and behind the range.
            [
                run.lowerBound..<max(run.lowerBound, min(run.upperBound, range.lowerBound)),
                min(run.upperBound, max(run.lowerBound, range.upperBound))..<run.upperBound,
            ].filter { !$0.isEmpty }
        }
        runs.replaceSubrange(met, with: left)
    }

    /// The parts of the runs that lie in `range`.
    package func within(_ range: Range<UInt64>) -> [Range<UInt64>] {
        runs[near(range)].map { $0.clamped(to: range) }.filter { !$0.isEmpty }
    }

    /// The parts of the runs that lie in one of `ranges`, which are in order and do not overlap.
    package func within(_ ranges: [Range<UInt64>]) -> ByteRanges {
        var result = ByteRanges()
        for range in ranges {
            for run in within(range) {
                // In order, so only the last can be touched.
                if let last = result.runs.last, last.upperBound == run.lowerBound {
                    result.runs[result.runs.count - 1] = last.lowerBound..<run.upperBound
                } else {
                    result.runs.append(run)
                }
            }
        }
        return result
    }
}
