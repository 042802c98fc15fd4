/// The spans of a layer that are known, and its runs of zeroes.
struct SeekMap: Sendable {
    /// In order; none overlaps another.
    private(set) var spans: [SeekSpan] = []
    /// In order; none overlaps or touches another.
    private(set) var zeroes: [Range<UInt64>] = []
    /// The bytes that lie in spans.
    private(set) var indexed: UInt64 = 0
    /// The bytes that are known to be zero.
    private(set) var zeroBytes: UInt64 = 0
    /// The longest that decoding a span took, in microseconds.
    private(set) var worstTime: UInt32 = 0

    /// More runs of zeroes than this are not remembered: 1 Mi take 16 MiB.
    static let maximumZeroes = 1 << 20

    /// What zeroes are said to be aligned to, in bytes: the sector of a disk.
    private static let sector: UInt64 = 512

    init() {}

    /// What `knowledge` holds.
    ///
    /// Throws `corrupt` unless all of it lies in order in a layer of `size` bytes.
    init(_ knowledge: SeekKnowledge, size: UInt64) throws(ImageError) {
        var end: UInt64 = 0
        for span in knowledge.spans {
            guard !span.range.isEmpty, span.range.lowerBound >= end, span.range.upperBound <= size else {
                throw ImageError(
                    .corrupt,
                    "seek index: span \(span.range) follows one that ends at \(end), of \(size) bytes")
            }
            end = span.range.upperBound
            indexed += span.count
            worstTime = max(worstTime, span.time)
        }
        end = 0
        for run in knowledge.zeroes {
            guard !run.isEmpty, run.lowerBound >= end, run.upperBound <= size else {
                throw ImageError(
                    .corrupt, "seek index: zeroes \(run) follow a run that ends at \(end), of \(size) bytes")
            }
            end = run.upperBound
        }
        spans = knowledge.spans
        for run in knowledge.zeroes { add(zeroes: run) }
    }

    /// The index of the first span that ends after `offset`; their number, where none does.
    private func firstSpan(endingAfter offset: UInt64) -> Int {
        spans.firstIndex(orderedBy: { $0.range.upperBound > offset })
    }

    private func firstZeroes(endingAfter offset: UInt64) -> Int {
        zeroes.firstIndex(orderedBy: { $0.upperBound > offset })
    }

    /// The span that holds the byte at `offset`.
    func span(at offset: UInt64) -> SeekSpan? {
        let index = firstSpan(endingAfter: offset)
        return index < spans.count && spans[index].range.contains(offset) ? spans[index] : nil
    }

    /// The last span that ends at or before `offset`, and the first that starts at or after it.
    func neighbours(of offset: UInt64) -> (before: SeekSpan?, after: SeekSpan?) {
        let index = firstSpan(endingAfter: offset)
        return (index > 0 ? spans[index - 1] : nil, index < spans.count ? spans[index] : nil)
    }

    /// Where spans start in `range`.
    func starts(in range: Range<UInt64>) -> Set<UInt64> {
        let first = spans.firstIndex(orderedBy: { $0.range.lowerBound >= range.lowerBound })
        return Set(spans[first...].prefix { $0.range.lowerBound < range.upperBound }.map(\.range.lowerBound))
    }

    /// Whether a span overlaps `range`.
    func overlaps(_ range: Range<UInt64>) -> Bool {
        let index = firstSpan(endingAfter: range.lowerBound)
        return index < spans.count && spans[index].range.lowerBound < range.upperBound
    }

    /// The last span before `offset`, which starts at or after `start`, such that the `reach` bytes before it, or
    /// those from `start` on where these are fewer, lie in spans that are known.
    func lastSpan(before offset: UInt64, from start: UInt64, reach: UInt64) -> SeekSpan? {
        var candidate = neighbours(of: offset).before
        while let span = candidate, span.range.lowerBound >= start {
            let windowStart = span.range.lowerBound - min(reach, span.range.lowerBound - start)
            guard let gap = firstGap(in: windowStart..<span.range.lowerBound) else { return span }
            candidate = neighbours(of: gap).before
        }
        return nil
    }

    /// The first offset in `range` that lies in no span.
    func firstGap(in range: Range<UInt64>) -> UInt64? {
        var offset = range.lowerBound
        var index = firstSpan(endingAfter: offset)
        while offset < range.upperBound {
            guard index < spans.count, spans[index].range.lowerBound <= offset else { return offset }
            offset = spans[index].range.upperBound
            index += 1
        }
        return nil
    }

    /// The zeroes from `offset` on, or the stretch before the next ones; in whole sectors.
    func extent(at offset: UInt64, size: UInt64) -> Extent {
        let index = firstZeroes(endingAfter: offset)
        guard index < zeroes.count else { return Extent(offset..<size, .data) }
        let run = zeroes[index]
        let start = (run.lowerBound + Self.sector - 1) & ~(Self.sector - 1)
        let end = run.upperBound == size ? size : run.upperBound & ~(Self.sector - 1)
        if start <= offset, offset < end { return Extent(offset..<end, .zero) }
        if offset < start, start < end { return Extent(offset..<start, .data) }
        return Extent(offset..<max(run.upperBound, offset + 1), .data)
    }

    /// The last offset in `range` that is not known to be zero.
    func lastData(in range: Range<UInt64>) -> UInt64? {
        let index = firstZeroes(endingAfter: range.upperBound - 1)
        guard index < zeroes.count, zeroes[index].lowerBound < range.upperBound else {
            return range.upperBound - 1
        }
        let run = zeroes[index]
        return run.lowerBound > range.lowerBound ? run.lowerBound - 1 : nil
    }

    /// How many bytes in `range` are not known to be zero.
    func dataCount(in range: Range<UInt64>) -> UInt64 {
        var count = range.upperBound - range.lowerBound
        var index = firstZeroes(endingAfter: range.lowerBound)
        while index < zeroes.count, zeroes[index].lowerBound < range.upperBound {
            let run = zeroes[index].clamped(to: range)
            count -= run.upperBound - run.lowerBound
            index += 1
        }
        return count
    }

    /// Adds `span`, unless it overlaps one that is known; returns whether it did.
    mutating func add(_ span: SeekSpan, zeroes runs: [Range<UInt64>]) -> Bool {
        let index = firstSpan(endingAfter: span.range.lowerBound)
        guard index == spans.count || spans[index].range.lowerBound >= span.range.upperBound else {
            return false
        }
        spans.insert(span, at: index)
        indexed += span.count
        worstTime = max(worstTime, span.time)
        for run in runs { add(zeroes: run) }
        return true
    }

    private mutating func add(zeroes run: Range<UInt64>) {
        zeroBytes += run.upperBound - run.lowerBound
        let index = firstZeroes(endingAfter: run.lowerBound)
        let joinsBefore = index > 0 && zeroes[index - 1].upperBound == run.lowerBound
        let joinsAfter = index < zeroes.count && zeroes[index].lowerBound == run.upperBound
        switch (joinsBefore, joinsAfter) {
        case (true, true):
            zeroes[index - 1] = zeroes[index - 1].lowerBound..<zeroes[index].upperBound
            zeroes.remove(at: index)
        case (true, false):
            zeroes[index - 1] = zeroes[index - 1].lowerBound..<run.upperBound
        case (false, true):
            zeroes[index] = run.lowerBound..<zeroes[index].upperBound
        case (false, false):
            if zeroes.count < Self.maximumZeroes {
                zeroes.insert(run, at: index)
            } else {
                zeroBytes -= run.upperBound - run.lowerBound
            }
        }
    }

    /// Forgets the spans that overlap `range`, and the zeroes that overlap it or one of these.
    mutating func remove(_ range: Range<UInt64>) {
        let gone = spans.filter { $0.range.overlaps(range) }
        for span in gone { zeroes.removeAll { $0.overlaps(span.range) } }
        spans.removeAll { $0.range.overlaps(range) }
        zeroes.removeAll { $0.overlaps(range) }
        indexed = spans.reduce(0) { $0 + $1.count }
        zeroBytes = zeroes.reduce(0) { $0 + $1.upperBound - $1.lowerBound }
        worstTime = spans.reduce(0) { max($0, $1.time) }
    }
}

extension Array {
    /// The first index whose element is `beyond` something, where all those after it are too; `count`, where none is.
    fileprivate func firstIndex(orderedBy beyond: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if beyond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
