/// Decodes a block from its start, or from a known span, to its end, and learns its spans on the way.
///
/// Not thread-safe.
///
/// @unchecked Sendable: one thread at a time has it. It passes from thread to thread through the cache, under whose
/// lock it is parked and taken.
final class XZBlockPass: DecodedCache.Parked, @unchecked Sendable {
    /// A span that was found, for the index.
    struct Learned {
        var span: SeekSpan
        var detail: SpanDetail
        var zeroes: [Range<UInt64>]
    }

    /// Receives piece `number` of the span that starts at `span`.
    typealias TakePiece = (_ span: UInt64, _ number: Int, _ piece: XZPieceReader.Piece) -> Void

    /// The memory in bytes that the pass takes.
    let cost: Int
    /// The offset that it has reached, in bytes from the start of the layer.
    private(set) var position: UInt64
    /// The start of its current span.
    private(set) var spanStart: UInt64

    private let source: any Source
    private let block: XZContainer.Block
    private let header: XZBlockHeader
    private let blockEnd: UInt64
    /// The start of the known span at which it ends. If there is none, the end of the block.
    private let end: UInt64
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

    private let decoder: LZMA2Decoder
    /// The position at which the decoder had decoded nothing.
    private let origin: UInt64
    private var check: XZCheck.Computation?
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

    private static let zeroes = [UInt8](repeating: 0, count: SeekSpan.pieceSize)

    /// Creates a pass over `block` of `source`, whose header is `header` and whose data lies in `range` of the layer.
    ///
    /// It starts at the span `known`, which is decoded again, or else at the start of the block, and ends at `end`.
    /// `fillWindow` must give the bytes of the layer before that span: those in its detail are not enough for the spans
    /// after it. No span reaches over any of the `boundaries`. Spans should cost about `spanCost` nanoseconds.
    ///
    /// Throws `limit` if it would take more than `memoryLimit` bytes, and `corrupt` if the detail is impossible.
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
        // A cost of up to a tenth more than that of one span makes no second one.
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
            // The same checkpoint is begun again, as what follows it is recorded anew.
            _ = try decoder.beginCheckpoint()
        } else {
            check = block.check.computation()
            decoder = try LZMA2Decoder(
                source, header.data, dictionary: dictionary, size: blockEnd - origin,
                memoryLimit: decoderLimit)
        }
        cost = Self.cost(decoder: decoder.memory)
    }

    /// The memory in bytes of a pass whose decoder takes `decoder` bytes: the recorder marks each byte of the
    /// dictionary.
    static func cost(decoder: Int) -> Int { decoder + decoder / 8 }

    /// The start of the current span: it is parked as the decoder of that span, and of what follows.
    var nextPiece: Int { Int(spanStart) }

    /// Always true: another pass would have to decode the block from its start, or as much as a window before it
    /// starts.
    var isDear: Bool { true }

    let began = monotonicTime()

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
        let learned = Learned(
            span: SeekSpan(
                range: spanStart..<position, input: spanInput, time: UInt32(clamping: time / 1000)),
            detail: detail, zeroes: scanner.finish())
        if failure == nil { try prepareNextSpan() }
        return learned
    }

    /// Decodes the next piece. Returns true if the span ends with it.
    private func decodePiece(_ take: TakePiece) throws(ImageError) -> Bool {
        guard position < blockEnd else { return true }
        let limit = Int(min(UInt64(SeekSpan.pieceSize), blockEnd - position))
        let next: (piece: XZPieceReader.Piece, end: XZPieceReader.End)
        do throws(ImageError) {
            next = try XZPieceReader(decoder: decoder).next(limit) { self.goesOn(dataCount) }
            if next.end == .dataEnd { throw dataEnds(after: next.piece.count) }
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

    /// Throws `corrupt` if `piece`, number `number` of the known span, is not what the index says.
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

    /// True if another chunk should be decoded into this span, which has `data` bytes of data.
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

    /// Checks that the data ends here, and checks what follows it.
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
