import VitrineFormats

/// Spans in the order of the layer. None overlaps another.
struct SpanTable: Sendable {
    private(set) var kept: [KeptSpan] = []

    /// The bytes of memory that the details take.
    private(set) var memory = 0

    /// No spans.
    init() {}

    /// The spans of `file`.
    init(of file: IndexFile) {
        kept = file.records.map { KeptSpan(span: $0.span, detail: .saved(file, $0)) }
    }

    /// The indices of the spans that overlap `range`.
    private func indices(overlapping range: Range<UInt64>) -> Range<Int> {
        let first = kept.partitionPoint { $0.span.range.upperBound > range.lowerBound }
        let end = kept.partitionPoint { $0.span.range.lowerBound >= range.upperBound }
        return first..<max(first, end)
    }

    /// True if a span overlaps `range`.
    func overlaps(_ range: Range<UInt64>) -> Bool {
        !indices(overlapping: range).isEmpty
    }

    /// The table's entry for `span`. Nil if it is not known.
    func find(_ span: SeekSpan) -> KeptSpan? {
        kept[indices(overlapping: span.range)].first { $0.span == span }
    }

    /// Adds `new`, and removes the spans that overlap it. Returns their ranges.
    @discardableResult
    mutating func insert(_ new: KeptSpan) -> [Range<UInt64>] {
        replace(new.span.range, with: [new])
    }

    /// Removes the spans that overlap `range`. Returns their ranges.
    mutating func remove(_ range: Range<UInt64>) -> [Range<UInt64>] {
        replace(range, with: [])
    }

    private mutating func replace(_ range: Range<UInt64>, with new: [KeptSpan]) -> [Range<UInt64>] {
        let met = indices(overlapping: range)
        let gone = Array(kept[met])
        kept.replaceSubrange(met, with: new)
        memory += new.reduce(0) { $0 + $1.memory } - gone.reduce(0) { $0 + $1.memory }
        return gone.map(\.span.range)
    }
}
