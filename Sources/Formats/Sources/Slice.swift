/// A window onto another source, such as one partition of a disk.
package final class Slice: Source {
    private let base: any Source
    private let start: UInt64

    package let size: UInt64

    /// The bytes of `base` in `range`.
    ///
    /// Throws `outOfRange` if `range` passes the end of `base`.
    package init(_ base: any Source, _ range: Range<UInt64>) throws(ImageError) {
        guard range.upperBound <= base.size else {
            throw ImageError(
                .outOfRange,
                "bytes \(range.lowerBound) to \(range.upperBound) pass the end of the disk at \(base.size)")
        }
        self.base = base
        start = range.lowerBound
        size = range.upperBound - range.lowerBound
    }

    // None of the sums below can overflow: offsets lie within `size`, and
    // `start + size` within the base.

    package func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        try base.fill(&buffer, at: start + offset)
    }

    package func fillNow(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) -> Bool {
        try base.fillNow(&buffer, at: start + offset)
    }

    package func extent(in range: Range<UInt64>, mayWait: Bool) throws(ImageError) -> Extent? {
        try base.extent(in: inward(range), mayWait: mayWait).map(outward)
    }

    package func depth(in range: Range<UInt64>) throws(ImageError) -> Allocation {
        outward(try base.depth(in: inward(range)))
    }

    package var bitmaps: [any DirtyBitmap] { base.bitmaps.map { SlicedBitmap(base: $0, start: start) } }

    package var decodingMemory: Int { base.decodingMemory }

    package var cost: SourceCost { base.cost }

    package func decodingTime(at offset: UInt64?) -> UInt64 {
        base.decodingTime(at: offset.map { start + $0 })
    }

    package func prefetch(_ range: Range<UInt64>) throws(ImageError) {
        try base.prefetch(inward(range))
    }

    private func inward(_ range: Range<UInt64>) -> Range<UInt64> {
        range.moved(from: 0, to: start)
    }

    private func outward<Found: Stretch>(_ found: Found) -> Found {
        found.moved(from: start, to: 0)
    }
}
