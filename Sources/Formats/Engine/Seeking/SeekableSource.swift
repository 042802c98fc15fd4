import Synchronization

/// The content of a compressed file, readable at any offset.
///
/// Decoding starts at the start of a span: at the start of a block, or at a checkpoint inside one. The starts of spans
/// come from the seek index, or from a pass over the block: see `SeekSpans`. The format is that of a `SeekScheme`. A piece is returned only if it has the hash
/// that the pass found.
package final class SeekableSource: MappedSource {
    package let size: UInt64

    let spans: SeekSpans
    let engine: Engine
    let sequential: SequentialBlocks
    private let owner: Int
    /// The time of the pass that found its size. Nil if none was made.
    let firstPass: Duration?
    let readers = Mutex(SequentialReaders())
    /// The time of the last sequential read, in nanoseconds of the monotonic clock.
    let lastSequential = Atomic<UInt64>(0)
    /// The start offsets of what is queued for the workers to decode ahead.
    let queued = Mutex<Set<UInt64>>([])
    let unfinished = Mutex(UnfinishedSpans())

    /// The number of wrong spans at which a read fails: something other than the index is wrong.
    private static let maximumFailures = 16

    /// Opens the file of `scheme`. Decodes nothing.
    ///
    /// `index` keeps what is learned of it. If it is nil, memory does, as long as the source lives.
    convenience init(_ scheme: any SeekScheme, _ engine: Engine, _ index: (any SeekIndex)?) {
        let index = index ?? MemoryIndex(in: engine.cache)
        self.init(scheme, engine, index, owner: engine.cache.newOwner(), index.knowledge())
    }

    /// Opens the file of `scheme`, as `owner` of its pieces. The spans that are `learned` were found in the time of
    /// `firstPass`; `known` is the rest of what `index` knows.
    init(
        _ scheme: any SeekScheme, _ engine: Engine, _ index: any SeekIndex, owner: Int,
        _ known: SeekKnowledge,
        _ learned: [SeekSpans.Known] = [], firstPass: Duration? = nil
    ) {
        self.engine = engine
        self.owner = owner
        self.firstPass = firstPass
        size = scheme.size
        spans = SeekSpans(scheme, engine, index, owner: owner, known, learned)
        sequential = SequentialBlocks(spans, engine)
    }

    deinit {
        engine.cache.remove(owner: owner)
    }

    package var decodingMemory: Int { spans.decodingMemory }

    package var cost: SourceCost { .decoding }

    package func decodingTime(at offset: UInt64?) -> UInt64 {
        if let offset, offset >= size { return 0 }
        let below = spans.scheme.base.decodingTime(at: nil)
        return spans.decodingTime(at: offset).addingReportingOverflow(below).partialValue
    }

    package func depth(in range: Range<UInt64>) -> Allocation { Allocation(range, depth: 1) }

    // MARK: Reading

    package func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        // First, so that the workers decode ahead while this read decodes.
        let isSequential = noteRead(offset..<offset + UInt64(buffer.count))
        _ = try fill(&buffer, at: offset, for: isSequential ? .readingOn : .reading)
    }

    package func fillNow(
        _ buffer: inout MutableSpan<UInt8>, at offset: UInt64
    ) throws(ImageError) -> Bool {
        let isHere = try fill(&buffer, at: offset, for: .readingNow)
        // If false, the same read is repeated through `fill`.
        if isHere { noteRead(offset..<offset + UInt64(buffer.count)) }
        return isHere
    }

    // MARK: Content

    // All of it is decoded.
    package var bases: [Base] { [] }

    package func content(in range: Range<UInt64>, for purpose: Purpose) throws(ImageError) -> Content? {
        switch purpose {
        case .reading, .readingOn, .readingAhead:
            return try waitedContent(in: range, for: purpose)
        case .readingNow:
            return try contentNow(in: range)
        case .describing, .describingNow:
            let extent = purpose.mayWait ? spans.extent(in: range) : spans.extentNow(in: range)
            return extent.map { $0.kind == .data ? .data($0.range) : Content($0.range, .zero) }
        }
    }

    /// The content at the start of `range`. Nil if it takes waiting or decoding.
    private func contentNow(in range: Range<UInt64>) throws(ImageError) -> Content? {
        let count = range.upperBound - range.lowerBound
        switch try spans.lookUpNow(range.lowerBound) {
        case .zeroes(let end): return Content(range.clamped(to: 0..<end), .zero)
        case .span(let span): return cachedNow(range, inSpan: span.range.lowerBound)
        case .open(let start): return cachedNow(range, inSpan: start)
        case .sequential(let block):
            let (piece, index) = sequentialPlace(range.lowerBound, block)
            return sequential.cached(block, piece: piece, taking: taken(count, from: index))
                .map { Self.decoded($0, from: index, range) }
        case .piece, nil: return nil
        }
    }

    /// The content at the start of `range`. Decodes it, or waits for it, if it is not in the cache.
    private func waitedContent(
        in range: Range<UInt64>, for purpose: Purpose
    ) throws(ImageError) -> Content {
        let position = range.lowerBound
        let count = purpose == .readingAhead ? 0 : range.upperBound - position
        var isOpenGone = false
        var failures = 0
        while true {
            let generation = spans.generation
            switch try spans.lookUp(position, taking: count, ignoringOpen: isOpenGone) {
            case .zeroes(let end):
                return Content(range.clamped(to: 0..<end), .zero)
            case .span(let span):
                if spans.proveZeroes(of: span, generation) { continue }
                let (piece, index) = place(position, inSpan: span.range.lowerBound)
                do throws(ImageError) {
                    let bytes = try decodedPiece(
                        of: span, piece, generation, taking: taken(count, from: index),
                        isSequential: purpose != .reading)
                    return Self.decoded(bytes, from: index, range)
                } catch {
                    // If the index was wrong, it is gone now, and a pass reads this again. That costs time, but no read
                    // fails.
                    failures += 1
                    guard failures < Self.maximumFailures, spans.generation != generation else { throw error }
                }
            case .piece(let start, let bytes):
                return Self.decoded(bytes, from: Int(position - start), range)
            case .open(let start):
                let (piece, index) = place(position, inSpan: start)
                let bytes = engine.cache.cached(
                    spans.unit(start), piece: piece, taking: taken(count, from: index))
                if let bytes { return Self.decoded(bytes, from: index, range) }
                isOpenGone = true
            case .sequential(let block):
                let (piece, index) = sequentialPlace(position, block)
                let bytes = try sequential.piece(block, piece: piece, taking: taken(count, from: index))
                return Self.decoded(bytes, from: index, range)
            }
        }
    }

    /// The content at the start of `range` in the span that starts at `start`. Nil if it is not in the cache, or would have to be
    /// decompressed.
    private func cachedNow(_ range: Range<UInt64>, inSpan start: UInt64) -> Content? {
        let (piece, index) = place(range.lowerBound, inSpan: start)
        let count = taken(range.upperBound - range.lowerBound, from: index)
        return engine.cache.cachedNow(spans.unit(start), piece: piece, taking: count)
            .map { Self.decoded($0, from: index, range) }
    }

    /// The content of `bytes` from `index` on, which lie at the start of `range`.
    private static func decoded(_ bytes: [UInt8], from index: Int, _ range: Range<UInt64>) -> Content {
        let end = range.lowerBound + UInt64(bytes.count - index)
        return Content(range.clamped(to: range.lowerBound..<end), .decoded(bytes, from: index))
    }

    /// The number of bytes that a reader takes of a piece, if it takes `count` bytes from `index` on.
    private func taken(_ count: UInt64, from index: Int) -> Int {
        Int(min(count, UInt64(SeekSpan.pieceSize - index)))
    }

    /// The number of the piece that holds `position` in the span that starts at `start`, and the index in that piece.
    func place(_ position: UInt64, inSpan start: UInt64) -> (piece: Int, index: Int) {
        let (piece, index) = (position - start).quotientAndRemainder(dividingBy: UInt64(SeekSpan.pieceSize))
        return (Int(piece), Int(index))
    }

    private func sequentialPlace(_ position: UInt64, _ block: Int) -> (piece: Int, index: Int) {
        place(position, inSpan: spans.range(of: block).lowerBound)
    }

    /// Piece `wanted` of `span`, for a reader that takes `count` bytes of it. The pieces before it are decoded too,
    /// from the start of the span or from the place where another reader has stopped. They are kept compressed, unless
    /// the reader `isSequential`: then the pieces that it comes to next are decoded as well while there is room. The
    /// span is of `generation`.
    private func decodedPiece(
        of span: SeekSpan, _ wanted: Int, _ generation: Int, taking count: Int, isSequential: Bool
    ) throws(ImageError) -> [UInt8] {
        var block: (any SeekableBlock)?
        var isUnfinished = false
        let piece = try engine.cache.piece(
            spans.unit(span.range.lowerBound), wanted, taking: count,
            demand: { () throws(ImageError) in
                try demand(of: span, wanted, generation, isSequential: isSequential, &block)
            },
            decode: { turn throws(ImageError) in
                isUnfinished = !isSequential
                return try decode(
                    span, generation, in: block, to: wanted, taking: count, isSequential: isSequential, turn)
            })
        if isUnfinished { finishLater(span, generation) }
        return piece
    }

    /// Decodes what is missing of `span` from piece `wanted` on, while there is room for it.
    func decodeAhead(_ span: SeekSpan, _ generation: Int, from wanted: Int) throws(ImageError) {
        var block: (any SeekableBlock)?
        try engine.cache.decodeAhead(
            spans.unit(span.range.lowerBound), wanted,
            demand: { () throws(ImageError) in
                try demand(of: span, wanted, generation, isSequential: true, &block)
            },
            decode: { turn throws(ImageError) in
                try decode(span, generation, in: block, to: wanted, taking: 0, isSequential: true, turn)
            })
    }

    /// The memory for decoding piece `wanted` of `span`, and what follows if the reader `isSequential`. Sets `block` to
    /// the span's block.
    func demand(
        of span: SeekSpan, _ wanted: Int, _ generation: Int, isSequential: Bool,
        _ block: inout (any SeekableBlock)?
    ) throws(ImageError) -> DecodedCache.Demand {
        do throws(ImageError) {
            let found = try spans.block(of: span)
            block = found
            var demand = spans.demand(found)
            if isSequential {
                let start = span.range.lowerBound + UInt64(wanted) * UInt64(SeekSpan.pieceSize)
                let end = min(span.range.upperBound, readers.withLock { $0.start(behind: start) } ?? .max)
                let data = Int(clamping: spans.dataCount(in: start..<end))
                // Pieces are kept whole.
                demand.ahead = (data / SeekSpan.pieceSize + 1) * SeekSpan.pieceSize
            }
            return demand
        } catch {
            throw spans.note(error, in: span, generation)
        }
    }

    private func mayReadOn(to position: UInt64) -> Bool { readers.withLock { $0.mayReadOn(to: position) } }

    /// The largest number of remaining pieces of a span that are decoded even without room for them: they take less
    /// memory than a decoder.
    private static let worthFinishing = 8

    private func decode(
        _ span: SeekSpan, _ generation: Int, in block: (any SeekableBlock)?, to wanted: Int,
        taking count: Int,
        isSequential: Bool,
        _ turn: DecodedCache.Turn
    ) throws(ImageError) -> (piece: [UInt8], rest: (any DecodedCache.Parked)?) {
        spans.noteDemand()
        do throws(ImageError) {
            let block = if let block { block } else { try spans.block(of: span) }
            let decoder =
                if let parked = turn.parked as? SpanDecoder { parked } else {
                    try spans.decoder(of: span, in: block)
                }
            return try decode(
                span, with: decoder, to: wanted, taking: count, isSequential: isSequential, turn)
        } catch {
            throw spans.note(error, in: span, generation)
        }
    }

    /// Adds piece `number` of `span` to the cache, compressed, for whoever comes there.
    func publish(_ piece: Piece, _ number: Int, of span: SeekSpan) {
        engine.cache.publishPacked(
            spans.unit(span.range.lowerBound), number, piece.content,
            worth: Double(number) / Double(span.pieces))
    }

    private func decode(
        _ span: SeekSpan, with decoder: SpanDecoder, to wanted: Int, taking count: Int, isSequential: Bool,
        _ turn: DecodedCache.Turn
    ) throws(ImageError) -> (piece: [UInt8], rest: (any DecodedCache.Parked)?) {
        var found: [UInt8]?
        while true {
            let number = decoder.nextPiece
            let piece = try decoder.decodePiece()
            let isWanted = number == wanted
            if isWanted { found = piece.content }
            // Zeroes are known to be zeroes, and no reader looks for them in the cache.
            if isWanted || !piece.isZeroes {
                if isSequential {
                    // Earlier pieces were read, or are about to be: readers come a little out of order.
                    engine.cache.publish(
                        turn, number, piece.content,
                        for: number < wanted ? .again(rounds: 0) : .ahead(taken: isWanted ? count : 0))
                } else {
                    publish(piece, number, of: span)
                }
            }
            guard let found else { continue }
            if decoder.isFinished { return (found, nil) }
            // A sequential reader wants the rest next, and others wait for it already.
            let isAlmostDone = span.pieces - decoder.nextPiece <= Self.worthFinishing
            if !isSequential || turn.ahead < SeekSpan.pieceSize && !isAlmostDone {
                decoder.stay = isSequential ? .turn : mayReadOn(to: decoder.position) ? .briefly : .none
                return (found, decoder)
            }
        }
    }
}
