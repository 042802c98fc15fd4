/// Decodes a block from its start, or from a span that is known, to its end, and learns its spans on the way.
///
/// Not thread-safe.
///
/// @unchecked Sendable: one thread at a time has it. It passes from thread to thread through the cache, under whose lock it is
/// parked and taken.
final class XZBlockPass: DecodedCache.Parked, @unchecked Sendable {
    /// A span that was found, for the index.
    struct Learned {
        var span: SeekSpan
        var detail: SpanDetail
        var zeroes: [Range<UInt64>]
    }

    /// What to do with a piece of the span that starts at `span`, piece `number` of it.
    typealias TakePiece = (_ span: UInt64, _ number: Int, _ piece: XZPieceReader.Piece) -> Void

    /// The memory it takes, in bytes.
    let cost: Int
    /// How far it has come, in bytes from the start of the layer.
    private(set) var position: UInt64
    /// Where the span starts that it is in.
    private(set) var spanStart: UInt64

    private let source: any Source
    private let block: XZContainer.Block
    private let header: XZBlockHeader
    private let blockEnd: UInt64
    /// Where a span starts that is known; where there is none, the end of the block.
    private let end: UInt64
    /// Where spans that are known start on the way: new ones end there.
    private let boundaries: Set<UInt64>
    /// The hashes of the span that it starts at, where that is known: what is decoded must have them.
    private let knownHashes: [UInt64]?
    private let knownEnd: UInt64
    /// What each span is to cost, in nanoseconds: the block's cost in equal parts.
    private let spacing: UInt64
    /// What a span may cost where windows are large: such stretches of an image make up most of its index.
    private let longestSpacing: UInt64

    private let decoder: LZMA2Decoder
    /// The position at which the decoder has decoded nothing.
    private let origin: UInt64
    private var check: XZCheck.Computation?
    /// Where the current span's compressed data starts, and what its detail has as its state.
    private var spanInput: UInt64
    private var spanState: [UInt8]
    /// What the current span ran into; those before it are good.
    private var failure: ImageError?
    /// Of the current span: the hashes of its pieces, its zeroes, how much of it is data, in bytes, and the CPU time that decoding it has
    /// taken, in nanoseconds.
    private var hashes: [UInt64] = []
    private var scanner: ZeroScanner
    private var dataCount = 0
    private var time: UInt64 = 0

    /// More data than this, in bytes, is not put into one span, zeroes not counted: it has to fit into the cache.
    private static let maximumData = 32 << 20

    /// A window from which more than this many bytes are read is a large one.
    private static let largeWindow = 256 << 10

    private static let zeroes = [UInt8](repeating: 0, count: SeekSpan.pieceSize)

    /// A pass over `block` of `source`, whose header is `header` and whose data lies in `range` of the layer.
    ///
    /// It starts at the span `known`, which is decoded again, or else at the start of the block; and ends at `end`. `fillWindow`
    /// is to give the bytes of the layer before that span: those that its detail has are not enough for the spans after it. No
    /// span reaches over any of the `boundaries`.
    /// Spans are to cost about `spanCost`, in nanoseconds.
    /// Throws `limit` when it would take more than `memoryLimit` bytes, and `corrupt` where the detail cannot be.
    init(
        over block: XZContainer.Block, of source: any Source, _ header: XZBlockHeader, dictionary: UInt64,
        in range: Range<UInt64>, from known: (span: SeekSpan, detail: SpanDetail)?, to end: UInt64,
        boundaries: Set<UInt64>, spanCost: UInt64, memoryLimit: Int,
        fillWindow: @escaping (inout MutableSpan<UInt8>) throws(ImageError) -> Void
    ) throws(ImageError) {
        self.source = source
        self.block = block
        self.header = header
        self.end = end
        self.boundaries = boundaries
        knownHashes = known?.detail.hashes
        knownEnd = known?.span.range.upperBound ?? range.lowerBound
        blockEnd = range.upperBound
        origin = known?.span.range.lowerBound ?? range.lowerBound
        position = origin
        spanStart = origin
        scanner = ZeroScanner(at: origin)
        spanInput = known?.span.input ?? block.offset
        spanState = known?.detail.state ?? []
        let total = DecodeCost.nanoseconds(
            input: header.compressedSize, output: range.upperBound - range.lowerBound)
        // A tenth more than a span is to take makes no second one.
        spacing = total / max(1, (total + spanCost / 10 * 9) / spanCost)
        longestSpacing = max(spacing, spanCost / 20 * 21)
        // A quarter is for the recorder, whose bits take an eighth of the dictionary.
        let decoderLimit = memoryLimit - memoryLimit / 4
        if let known, !known.detail.state.isEmpty {
            let state = try XZSpanState(known.detail.state, at: origin)
            check = block.check.computation(from: state.check)
            decoder = try LZMA2Decoder(
                source, known.span.input..<header.data.upperBound, dictionary: dictionary,
                size: blockEnd - origin, from: (state.lzma2, .full(fillWindow)), memoryLimit: decoderLimit)
            // The same checkpoint once more, as what follows it is recorded anew.
            _ = try decoder.beginCheckpoint()
        } else {
            check = block.check.computation()
            decoder = try LZMA2Decoder(
                source, header.data, dictionary: dictionary, size: blockEnd - origin,
                memoryLimit: decoderLimit)
        }
        cost = Self.cost(decoder: decoder.memory)
    }

    /// The memory that a pass takes whose decoder takes `decoder`, in bytes: the recorder marks each byte of the dictionary.
    static func cost(decoder: Int) -> Int { decoder + decoder / 8 }

    /// It is parked as the decoder of the span that it is in, and of what follows.
    var nextPiece: Int { Int(spanStart) }

    /// Another one would have to decode the block from its start, or as much as a window before it starts.
    var isDear: Bool { true }

    let began = monotonicTime()

    /// Whether `offset` lies in the span that it is in, or on its way.
    func covers(_ offset: UInt64) -> Bool { spanStart <= offset && offset < end }

    /// Whether it relies on an index.
    var startsFromIndex: Bool { knownHashes != nil }

    /// Whether what it has decoded so far is what the index says.
    var isProven: Bool { position >= knownEnd }

    /// Whether there is nothing more to learn.
    var isFinished: Bool { position >= end }

    /// Decodes the next piece, which `take` is given; returns the span that ends with it, if one does.
    ///
    /// With the last span of the block, everything that can be checked is. Throws `corrupt` where the data is not what
    /// it should be, and what reading the source throws.
    func next(_ take: TakePiece) throws(ImageError) -> Learned? {
        if let failure { throw failure }
        let began = DecodeCost.threadTime()
        let endsSpan = try decodePiece(take)
        time += DecodeCost.threadTime() - began
        guard endsSpan else { return nil }
        let detail = SpanDetail(state: spanState, window: decoder.endCheckpoint(), hashes: hashes)
        let learned = Learned(
            span: SeekSpan(
                range: spanStart..<position, input: spanInput, time: UInt32(clamping: time / 1000)),
            detail: detail, zeroes: scanner.finish())
        if failure == nil { try prepareNextSpan() }
        return learned
    }

    /// Decodes the next piece; returns whether the span ends with it.
    private func decodePiece(_ take: TakePiece) throws(ImageError) -> Bool {
        guard position < blockEnd else { return true }
        let limit = Int(min(UInt64(SeekSpan.pieceSize), blockEnd - position))
        let next: (piece: XZPieceReader.Piece, end: XZPieceReader.End)
        do throws(ImageError) {
            next = try XZPieceReader(decoder: decoder).next(limit) { self.goesOn(dataCount) }
            if next.end == .dataEnd { throw dataEnds(after: next.piece.count) }
        } catch {
            // What was decoded before it stays readable.
            guard isProven, !hashes.isEmpty, error.code == .corrupt else { throw error }
            failure = error
            return true
        }
        if next.piece.count > 0 {
            try compare(next.piece, hashes.count)
            hashes.append(next.piece.hash)
            position += UInt64(next.piece.count)
            switch next.piece {
            case .zeroes(let count):
                scanner.scan(zeroes: count)
                if count == Self.zeroes.count {
                    check?.update(Self.zeroes.span)
                } else {
                    check?.update(Self.zeroes.span.extracting(first: count))
                }
            case .bytes(let bytes):
                scanner.scan(bytes)
                check?.update(bytes.span)
                dataCount += bytes.count
            }
            take(spanStart, hashes.count - 1, next.piece)
        }
        return next.end == .stopped || position == blockEnd
    }

    /// Throws `corrupt` where `piece`, number `number` of the span that is known, is not what the index says it is.
    private func compare(_ piece: XZPieceReader.Piece, _ number: Int) throws(ImageError) {
        guard let knownHashes, !isProven else { return }
        guard number < knownHashes.count, piece.hash == knownHashes[number],
            UInt64(piece.count) <= knownEnd - position
        else {
            throw ImageError(
                .corrupt,
                "the \(piece.count) bytes decoded at \(position) are not what the seek index says they are")
        }
    }

    /// Whether to decode another chunk into this span, of which `data` bytes are data.
    private func goesOn(_ data: Int) -> Bool {
        let here = origin + decoder.decoded
        guard here > spanStart else { return true }
        if !isProven { return here < knownEnd }
        let start = spanState.isEmpty ? header.data.lowerBound : spanInput
        let cost = DecodeCost.nanoseconds(input: decoder.inputOffset - start, output: here - spanStart)
        guard data < Self.maximumData, here != end, !boundaries.contains(here), cost < longestSpacing else {
            return false
        }
        return cost < spacing || decoder.recordedBytes > Self.largeWindow
    }

    private func prepareNextSpan() throws(ImageError) {
        if position == blockEnd {
            try finish()
        } else if position < end {
            spanStart = position
            spanInput = decoder.inputOffset
            hashes = []
            scanner = ZeroScanner(at: position)
            dataCount = 0
            time = 0
            guard let checkpoint = try decoder.beginCheckpoint() else {
                failure = dataEnds(after: 0)
                return
            }
            spanState =
                XZSpanState(start: position, check: check?.stored() ?? [], lzma2: checkpoint).bytes
        }
    }

    private func dataEnds(after count: Int) -> ImageError {
        let decoded = position + UInt64(count) - (blockEnd - blockSize)
        return ImageError(
            .corrupt, "the data ends after \(decoded) bytes, the index gives \(blockSize)")
    }

    private var blockSize: UInt64 { blockEnd - block.start }

    /// Checks that the data ends here, and what follows it.
    private func finish() throws(ImageError) {
        if block.isCut { return }
        guard try !decoder.decodeChunk() else {
            throw ImageError(
                .corrupt, "the data goes on after the \(blockSize) bytes that the index gives")
        }
        try header.verifyEnd(
            of: source, block, used: decoder.inputOffset - header.data.lowerBound, check)
    }
}
