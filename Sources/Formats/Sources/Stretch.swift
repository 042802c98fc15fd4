/// A stretch of a disk that is alike throughout, in one respect.
protocol Stretch {
    /// Where it lies, in bytes from the start of the disk; never empty.
    var range: Range<UInt64> { get set }

    /// Whether it says of its range what `other` says of its own.
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
    /// `part` says what is at the start of a range, as far as it can tell at once; nil from it, where that takes waiting, ends the
    /// stretch, or leaves none.
    static func joined(
        in range: Range<UInt64>, _ part: (Range<UInt64>) throws(ImageError) -> Self?
    ) throws(ImageError) -> Self? {
        guard var stretch = try part(range) else { return nil }
        while stretch.range.upperBound < range.upperBound {
            // What is wrong further on is left to whoever asks about that.
            guard let next = try? part(stretch.range.upperBound..<range.upperBound), next.isAlike(stretch)
            else { break }
            stretch.range = stretch.range.lowerBound..<next.range.upperBound
        }
        return stretch
    }

    /// The same in other terms, in which what lay at `place` lies at `target`.
    func moved(from place: UInt64, to target: UInt64) -> Self {
        var moved = self
        moved.range = range.moved(from: place, to: target)
        return moved
    }
}

extension Range<UInt64> {
    /// The same in other terms, in which what lay at `place`, at or before the start, lies at `target`. The caller knows that the
    /// end is a number.
    func moved(from place: UInt64, to target: UInt64) -> Range {
        target + (lowerBound - place)..<target + (upperBound - place)
    }
}
