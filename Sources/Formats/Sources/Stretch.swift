/// A range of a disk that is alike throughout, in one respect.
protocol Stretch {
    /// The range, in bytes from the start of the disk; never empty.
    var range: Range<UInt64> { get set }

    /// True if it says of its range what `other` says of its own.
    func isAlike(_ other: Self) -> Bool
}

extension Extent: Stretch {
    func isAlike(_ other: Extent) -> Bool { kind == other.kind }
}

extension Allocation: Stretch {
    func isAlike(_ other: Allocation) -> Bool { depth == other.depth }
}

extension Stretch {
    /// The stretch at the start of `range`, joined with those behind it in `range` that are alike.
    ///
    /// `part` gives the stretch at the start of a range, as long as it can tell at once. If it gives nil, because that takes waiting,
    /// the result ends there, or is nil.
    static func joined(
        in range: Range<UInt64>, _ part: (Range<UInt64>) throws(ImageError) -> Self?
    ) throws(ImageError) -> Self? {
        guard var stretch = try part(range) else { return nil }
        while stretch.range.upperBound < range.upperBound {
            // Errors further on are left to whoever asks about that part.
            guard let next = try? part(stretch.range.upperBound..<range.upperBound), next.isAlike(stretch)
            else { break }
            stretch.range = stretch.range.lowerBound..<next.range.upperBound
        }
        return stretch
    }

    /// The same stretch in other offsets: what lay at `place` lies at `target`.
    func moved(from place: UInt64, to target: UInt64) -> Self {
        var moved = self
        moved.range = range.moved(from: place, to: target)
        return moved
    }
}

extension Range<UInt64> {
    /// The same range in other offsets: what lay at `place`, at or before the start, lies at `target`. The caller knows that the end
    /// does not overflow.
    func moved(from place: UInt64, to target: UInt64) -> Range {
        target + (lowerBound - place)..<target + (upperBound - place)
    }

    /// The first `count` numbers, or all if there are fewer.
    func first(_ count: UInt64) -> Range {
        lowerBound..<lowerBound + Swift.min(count, upperBound - lowerBound)
    }

    /// The range of the same length from `start` on. The caller knows that the end does not overflow.
    func moved(to start: UInt64) -> Range { moved(from: lowerBound, to: start) }
}
