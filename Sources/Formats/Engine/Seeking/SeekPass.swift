/// Decodes a block from its start, or from a known span, to its end, and learns its spans on the way.
///
/// Not thread-safe.
///
/// @unchecked Sendable: one thread at a time has it. It passes from thread to thread through the cache, under whose
/// lock it is parked and taken.
final class SeekPass: DecodedCache.Parked, @unchecked Sendable {
    /// A span that was found, for the index.
    struct Learned {
        var span: SeekSpan
        var detail: SpanDetail
        var zeroes: [Range<UInt64>]
    }

    /// The known span that a pass starts at, and all bytes of the window before it.
    struct Start {
        var span: SeekSpan
        var detail: SpanDetail
        /// Gives the bytes of the layer before the span. Those in its detail are not enough for the spans after it.
        var fillWindow: (inout MutableSpan<UInt8>) throws(ImageError) -> Void
    }

    /// The bounds of the block that a pass decodes.
    struct Bounds {
        /// Its range in the layer, in bytes. Unless the end is known, the upper bound is the most there may be.
        var range: Range<UInt64>
        /// Its range in the file, in bytes.
        var input: Range<UInt64>
        var isEndKnown = true
    }

    /// Receives piece `number` of the span that starts at `span`.
    typealias TakePiece = (_ span: UInt64, _ number: Int, _ piece: Piece) -> Void

    /// The memory in bytes that the pass takes.
    var cost: Int { decoder.memory }
    /// The offset that it has reached, in bytes from the start of the layer.
    private(set) var position: UInt64
    /// The start of its current span.
    private(set) var spanStart: UInt64

    private let bounds: Bounds
    private let model: DecodeCost
    /// The start of the known span at which it ends. If there is none, the end of the block.
    private var end: UInt64
    /// The starts of known spans on the way. New spans end there.
    private let boundaries: Set<UInt64>
    /// The hashes of the known span that it starts at, which the decoded pieces must have. Nil if there is no such
    /// span.
    private let knownHashes: [UInt64]?
    private let knownEnd: UInt64
    /// The intended cost of each span in nanoseconds: the block's cost in equal parts.
    private let spacing: UInt64
    /// The largest cost of a span with a large window, in nanoseconds: such parts of an image make up most of its
    /// index.
    private let longestSpacing: UInt64

    private let decoder: any SeekDecoder
    private let cache: DecodedCache
    /// The position at which the decoder had decoded nothing.
    private let origin: UInt64
    /// The offset of the current span's compressed data, and the state for its detail.
    private var spanInput: UInt64
    private var spanState: [UInt8]
    /// The error that the current span ran into. The spans before it are good.
    private var failure: ImageError?
    /// Facts about the current span: the hashes of its pieces, its zeroes, the number of its bytes that are data, and
    /// the CPU time of decoding it so far, in nanoseconds.
    private var hashes: [UInt64] = []
    private var scanner: ZeroScanner
    private var dataCount = 0
    private var time: UInt64 = 0

    /// The most data in one span, in bytes, zeroes not counted: it has to fit into the cache.
    private static let maximumData = 32 << 20

    /// A window is large if more than this many bytes of it are read.
    private static let largeWindow = 256 << 10

    /// Creates a pass over `block`, which has these `bounds`.
    ///
    /// It starts at the span of `known`, which is decoded again, or else at the start of the block, and ends at `end`, or at
    /// the end of the block if that is nil. No span reaches over any of the `boundaries`. Spans cost about what `model`
    /// says. `cache` has memory for its pieces.
    ///
    /// Throws `limit` if it would take too much memory, and `corrupt` if the detail is impossible.
    init(
        over block: any SeekableBlock, within bounds: Bounds, from known: Start? = nil, to end: UInt64? = nil,
        boundaries: Set<UInt64> = [], _ model: DecodeCost, _ cache: DecodedCache
    ) throws(ImageError) {
        self.cache = cache
        self.bounds = bounds
        self.model = model
        self.end = end ?? bounds.range.upperBound
        self.boundaries = boundaries
        knownHashes = known?.detail.hashes
        knownEnd = known?.span.range.upperBound ?? bounds.range.lowerBound
        origin = known?.span.range.lowerBound ?? bounds.range.lowerBound
        position = origin
        spanStart = origin
        scanner = ZeroScanner(at: origin)
        spanInput = known?.span.input ?? bounds.input.lowerBound
        spanState = known?.detail.state ?? []
        if bounds.isEndKnown {
            let total = model.nanoseconds(
                input: bounds.input.upperBound - bounds.input.lowerBound,
                output: bounds.range.upperBound - bounds.range.lowerBound)
            // A cost of up to a tenth more than that of one span makes no second one.
            spacing = total / max(1, (total + model.span / 10 * 9) / model.span)
        } else {
            spacing = model.span
        }
        longestSpacing = max(spacing, model.span / 20 * 21)
        if let known, !known.detail.state.isEmpty {
            decoder = try block.passDecoder(
                from: SpanStart(of: known.span, known.detail.state, .full(known.fillWindow)))
            // The same checkpoint is begun again, as what follows it is recorded anew.
            _ = try decoder.beginCheckpoint()
        } else {
            decoder = try block.passDecoder(from: nil)
        }
    }

    /// The start of the current span: it is parked as the decoder of that span, and of what follows.
    var nextPiece: Int { Int(spanStart) }

    /// Always a turn: another pass would have to decode the block from its start, or as much as a window before it
    /// starts.
    var stay: DecodedCache.Stay { .turn }

    let began = monotonicTime()

    /// The offset in the file that it has reached, in bytes.
    var inputOffset: UInt64 { decoder.inputOffset }

    /// Texts that the user should know about what has been decoded.
    var warnings: [String] { decoder.warnings }

    /// The number of bytes of the layer up to where it has decoded, whether they could be given out or not.
    var decoded: UInt64 { origin + decoder.decoded }

    /// True if `offset` lies in the current span, or further on the way.
    func covers(_ offset: UInt64) -> Bool { spanStart <= offset && offset < end }

    /// True if the pass relies on an index.
    var startsFromIndex: Bool { knownHashes != nil }

    /// True if it has decoded the known span, if any, and found what the index says.
    var isProven: Bool { position >= knownEnd }

    /// True if there is nothing more to learn.
    var isFinished: Bool { position >= end }

    /// Decodes the next piece, and gives it to `take`. Returns the span that ends with the piece, if one does.
    ///
    /// With the last span of the block, checks everything that can be checked. Throws `corrupt` if the data is not what
    /// it should be, and the errors of reading the source.
    func next(_ take: TakePiece) throws(ImageError) -> Learned? {
        if let failure { throw failure }
        let began = DecodeCost.threadTime()
        let endsSpan = try decodePiece(take)
        time += DecodeCost.threadTime() - began
        guard endsSpan else { return nil }
        let detail = SpanDetail(state: spanState, window: decoder.endCheckpoint(), hashes: hashes)
        let (range, zeroes) = (spanStart..<position, scanner.finish())
        let span = SeekSpan(range: range, input: spanInput, time: UInt32(clamping: time / 1000))
        if failure == nil { try prepareNextSpan() }
        // Data whose end was not known may end where the next span should start.
        return range.isEmpty ? nil : Learned(span: span, detail: detail, zeroes: zeroes)
    }

    /// Decodes the next piece. Returns true if the span ends with it.
    private func decodePiece(_ take: TakePiece) throws(ImageError) -> Bool {
        let blockEnd = bounds.range.upperBound
        guard position < blockEnd else { return true }
        let limit = Int(min(UInt64(SeekSpan.pieceSize), blockEnd - position))
        var next: (piece: Piece, end: PieceReader.End)
        do throws(ImageError) {
            next = try PieceReader(decoder: decoder, cache: cache).next(limit) { self.goesOn(dataCount) }
            if next.end == .dataEnd, bounds.isEndKnown { throw dataEnds(after: next.piece.count) }
        } catch {
            // The pieces decoded before stay readable.
            guard isProven, !hashes.isEmpty, error.code == .corrupt else { throw error }
            failure = error
            return true
        }
        if next.piece.count > 0 {
            try compare(next.piece, hashes.count)
            hashes.append(next.piece.hash)
            position += UInt64(next.piece.count)
            decoder.check(next.piece)
            switch next.piece {
            case .zeroes(let count):
                scanner.scan(zeroes: count)
            case .bytes(let bytes):
                scanner.scan(bytes)
                dataCount += bytes.count
            }
            take(spanStart, hashes.count - 1, next.piece)
        }
        if next.end == .dataEnd { end = position }
        return next.end != .full || position == blockEnd
    }

    /// Throws `corrupt` if `piece`, number `number` of the known span, is not what the index says.
    private func compare(_ piece: Piece, _ number: Int) throws(ImageError) {
        guard let knownHashes, !isProven else { return }
        guard number < knownHashes.count, piece.hash == knownHashes[number],
            UInt64(piece.count) <= knownEnd - position
        else {
            throw ImageError(
                .corrupt,
                "the \(piece.count) bytes decoded at \(position) are not what the seek index says they are")
        }
    }

    /// True if another chunk should be decoded into this span, which has `data` bytes of data.
    private func goesOn(_ data: Int) -> Bool {
        let here = origin + decoder.decoded
        guard here > spanStart else { return true }
        if !isProven { return here < knownEnd }
        let cost = model.nanoseconds(input: decoder.inputOffset - spanInput, output: here - spanStart)
        guard data < Self.maximumData, here != end, !boundaries.contains(here), cost < longestSpacing else {
            return false
        }
        return cost < spacing || decoder.recordedBytes > Self.largeWindow
    }

    private func prepareNextSpan() throws(ImageError) {
        if position == bounds.range.upperBound {
            try decoder.finish()
        } else if position < end {
            spanStart = position
            spanInput = decoder.inputOffset
            hashes = []
            scanner = ZeroScanner(at: position)
            dataCount = 0
            time = 0
            guard let state = try decoder.beginCheckpoint() else {
                guard !bounds.isEndKnown else {
                    failure = dataEnds(after: 0)
                    return
                }
                end = position
                return
            }
            spanState = SpanStart.stored(state, at: position)
        }
    }

    private func dataEnds(after count: Int) -> ImageError {
        let decoded = position + UInt64(count) - bounds.range.lowerBound
        return ImageError(
            .corrupt, "the data ends after \(decoded) bytes, the index gives \(bounds.range.count)")
    }
}
