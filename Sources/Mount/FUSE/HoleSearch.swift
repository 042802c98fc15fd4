import VitrineFormats

/// The search for the next data, or the next hole, of a source (lseek(2): SEEK_DATA, SEEK_HOLE). Whatever reads as zeroes is a hole.
struct HoleSearch {
    /// What is searched for.
    enum Target: UInt32 {
        case data = 3
        case hole = 4
    }

    /// The time in nanoseconds after which the search ends with an answer that holds in any case: data.
    private static let patience: UInt64 = 1_000_000_000

    /// The bytes that a source is asked about at once, at first and at most: it looks at all of them, even if its answer covers
    /// little.
    private static let minimumReach: UInt64 = 1 << 20
    private static let maximumReach: UInt64 = 256 << 20

    let source: any Source
    let target: Target

    /// What a search has found.
    enum Result: Equatable {
        /// The offset of it. The end of the source counts as a hole.
        case found(UInt64)
        /// There is no data any more.
        case none
        /// It takes waiting to know.
        case unknown
    }

    /// Searches from `offset` on, without waiting unless it `mayWait`.
    func from(_ offset: UInt64, mayWait: Bool) throws(ImageError) -> Result {
        let end = source.size
        guard offset < end else { return .none }
        let deadline = monotonicTime().addingReportingOverflow(Self.patience).partialValue
        var position = offset
        var reach = Self.minimumReach
        while position < end {
            let asked = position..<position + min(reach, end - position)
            guard let extent = try source.extent(in: asked, mayWait: mayWait) else { return .unknown }
            if (extent.kind == .data) == (target == .data) { return .found(position) }
            let count = extent.range.upperBound - position
            position += count
            reach = max(
                Self.minimumReach, min(Self.maximumReach, count > Self.maximumReach / 2 ? .max : count * 2))
            if monotonicTime() > deadline { return .found(target == .data ? position : end) }
        }
        return target == .data ? .none : .found(end)
    }
}
