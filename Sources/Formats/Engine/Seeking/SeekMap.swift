/// The known spans of a layer, and its known runs of zeroes.
///
/// Zeroes that an index tells of are a claim until the details of the spans prove them. Only then are they known.
struct SeekMap: Sendable {
    /// The spans, in order. None overlaps another.
    private(set) var spans: [SeekSpan] = []
    /// The bytes that are known to be zero.
    private var zeroes = ByteRanges()
    /// The start offsets of the spans in which zeroes are claimed, in order.
    private(set) var claims: [UInt64] = []
    /// The bytes that an index says are zero, and those that were found to be since, as long as nothing in it was found wrong. For
    /// reports.
    private(set) var claimedBytes: UInt64 = 0
    /// The bytes that lie in spans.
    private(set) var indexed: UInt64 = 0
    /// The number of `zeroes`.
    private(set) var zeroBytes: UInt64 = 0
    /// The longest time that decoding a span took, in microseconds.
    private(set) var worstTime: UInt32 = 0

    /// The most runs of zeroes that are remembered: 1 Mi take 16 MiB.
    static let maximumZeroes = 1 << 20

    /// The alignment of the zeroes that are reported, in bytes: the sector of a disk.
    private static let sector: UInt64 = 512

    init() {}

    /// Creates a map with the spans and claims of `knowledge`.
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
        claims = Self.claims(knowledge)
        claimedBytes = knowledge.zeroes.reduce(0) { $0 + $1.upperBound - $1.lowerBound }
    }

    /// The start offsets of the spans with a whole piece inside the zeroes of `knowledge`. No detail proves less than
    /// that.
    private static func claims(_ knowledge: SeekKnowledge) -> [UInt64] {
        var claims: [UInt64] = []
        var runs = knowledge.zeroes[...]
        for span in knowledge.spans {
            while let run = runs.first, run.upperBound <= span.range.lowerBound { runs.removeFirst() }
            // A run may reach into the next span.
            let hasWholePiece = runs.prefix { $0.lowerBound < span.range.upperBound }.contains { run in
                let run = run.clamped(to: span.range)
                let pieces = (run.lowerBound - span.range.lowerBound + pieceSize - 1) / pieceSize
                let first = span.range.lowerBound + pieces * pieceSize
                return first < run.upperBound
                    && min(span.range.upperBound - first, pieceSize) <= run.upperBound - first
            }
            if hasWholePiece { claims.append(span.range.lowerBound) }
        }
        return claims
    }

    private static let pieceSize = UInt64(SeekSpan.pieceSize)

    /// True if zeroes are claimed in `span`.
    func isClaimed(_ span: SeekSpan) -> Bool {
        let index = claims.partitionPoint(where: { $0 >= span.range.lowerBound })
        return index < claims.count && claims[index] == span.range.lowerBound
    }

    /// Adds the pieces of the known `span` whose hash says that they are zeroes. `hashes` are those of the span's
    /// detail.
    mutating func prove(_ span: SeekSpan, by hashes: [UInt64]) {
        let index = claims.partitionPoint(where: { $0 >= span.range.lowerBound })
        guard index < claims.count, claims[index] == span.range.lowerBound else { return }
        claims.remove(at: index)
        for (number, hash) in hashes.enumerated() where hash == SpanDetail.zeroHash {
            let start = span.range.lowerBound + UInt64(number) * Self.pieceSize
            add(zeroes: start..<min(start + Self.pieceSize, span.range.upperBound))
        }
    }

    /// The index of the first span that ends after `offset`, or the number of spans if none does.
    private func firstSpan(endingAfter offset: UInt64) -> Int {
        spans.partitionPoint(where: { $0.range.upperBound > offset })
    }

    private func firstZeroes(endingAfter offset: UInt64) -> Int {
        zeroes.runs.partitionPoint(where: { $0.upperBound > offset })
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

    /// The start offsets of the spans that start in `range`.
    func starts(in range: Range<UInt64>) -> Set<UInt64> {
        let first = spans.partitionPoint(where: { $0.range.lowerBound >= range.lowerBound })
        return Set(spans[first...].prefix { $0.range.lowerBound < range.upperBound }.map(\.range.lowerBound))
    }

    /// True if a span overlaps `range`.
    func overlaps(_ range: Range<UInt64>) -> Bool {
        let index = firstSpan(endingAfter: range.lowerBound)
        return index < spans.count && spans[index].range.lowerBound < range.upperBound
    }

    /// The last span before `offset` that starts at or after `start` and has known spans in all of the `reach` bytes
    /// before it, or in those from `start` on if these are fewer.
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

    /// The extent at `offset`, in whole sectors: zeroes, or data up to the next zeroes or to a span with claimed
    /// zeroes.
    func extent(at offset: UInt64, size: UInt64) -> Extent {
        let known = knownExtent(at: offset, size: size)
        let index = claims.partitionPoint(where: { $0 > offset })
        guard index < claims.count, claims[index] < known.range.upperBound, known.kind == .data else {
            return known
        }
        return Extent(offset..<claims[index], .data)
    }

    private func knownExtent(at offset: UInt64, size: UInt64) -> Extent {
        let index = firstZeroes(endingAfter: offset)
        guard index < zeroes.runs.count else { return Extent(offset..<size, .data) }
        let run = zeroes.runs[index]
        let start = (run.lowerBound + Self.sector - 1) & ~(Self.sector - 1)
        let end = run.upperBound == size ? size : run.upperBound & ~(Self.sector - 1)
        if start <= offset, offset < end { return Extent(offset..<end, .zero) }
        if offset < start, start < end { return Extent(offset..<start, .data) }
        return Extent(offset..<max(run.upperBound, offset + 1), .data)
    }

    /// The last offset in `range` that is not known to be zero.
    func lastData(in range: Range<UInt64>) -> UInt64? {
        let index = firstZeroes(endingAfter: range.upperBound - 1)
        guard index < zeroes.runs.count, zeroes.runs[index].lowerBound < range.upperBound else {
            return range.upperBound - 1
        }
        let run = zeroes.runs[index]
        return run.lowerBound > range.lowerBound ? run.lowerBound - 1 : nil
    }

    /// The number of bytes in `range` that are not known to be zero.
    func dataCount(in range: Range<UInt64>) -> UInt64 {
        var count = range.upperBound - range.lowerBound
        var index = firstZeroes(endingAfter: range.lowerBound)
        while index < zeroes.runs.count, zeroes.runs[index].lowerBound < range.upperBound {
            let run = zeroes.runs[index].clamped(to: range)
            count -= run.upperBound - run.lowerBound
            index += 1
        }
        return count
    }

    /// Adds `span`, unless it overlaps a known one. Returns true if it was added.
    mutating func add(_ span: SeekSpan, zeroes runs: [Range<UInt64>]) -> Bool {
        let index = firstSpan(endingAfter: span.range.lowerBound)
        guard index == spans.count || spans[index].range.lowerBound >= span.range.upperBound else {
            return false
        }
        spans.insert(span, at: index)
        indexed += span.count
        worstTime = max(worstTime, span.time)
        for run in runs { add(zeroes: run) }
        if claimedBytes > 0 { claimedBytes += runs.reduce(0) { $0 + $1.upperBound - $1.lowerBound } }
        return true
    }

    private mutating func add(zeroes run: Range<UInt64>) {
        guard zeroes.runs.count < Self.maximumZeroes else { return }
        zeroes.insert(run)
        zeroBytes += run.upperBound - run.lowerBound
    }

    /// Forgets the spans that overlap `range`, and the zeroes in them.
    mutating func remove(_ range: Range<UInt64>) {
        let first = firstSpan(endingAfter: range.lowerBound)
        let gone = spans[first...].prefix { $0.range.lowerBound < range.upperBound }
        if let start = gone.first?.range.lowerBound, let end = gone.last?.range.upperBound {
            zeroes.remove(start..<end)
            claims.removeAll { (start..<end).contains($0) }
            claimedBytes = 0
        }
        spans.removeSubrange(gone.indices)
        indexed = spans.reduce(0) { $0 + $1.count }
        zeroBytes = zeroes.runs.reduce(0) { $0 + $1.upperBound - $1.lowerBound }
        worstTime = spans.reduce(0) { max($0, $1.time) }
    }
}
