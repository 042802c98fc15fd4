/// What is known of where decoding can start in an .xz file, and the finding out of the rest.
///
/// Whoever needs what is not known yet runs a pass over the block that it lies in, as far as it needs; others who need
/// something of the same block wait for that pass. A block that is small against the cache is decoded whole, and nothing of
/// it is known, or given out, before its check has been verified.
final class XZSpans: Sendable {
    /// What there is at an offset.
    enum Place {
        case zeroes(end: UInt64)
        case span(SeekSpan)
        /// A span that starts there is being decoded, and the piece in question has gone to the cache.
        case open(spanStart: UInt64)
        /// A piece that was decoded for this, and where it starts.
        case piece(start: UInt64, [UInt8])
        /// A block that only liblzma decodes.
        case filtered(block: Int)
    }

    /// That a block cannot be read, and from which offset in the layer on.
    struct Damage {
        var from: UInt64
        var error: ImageError
    }

    /// How far the pass over a block has come, and who has it.
    struct PassState {
        enum Phase: Equatable {
            /// The thread that has this ticket waits for memory to run it with.
            case waiting(ticket: Int)
            case running(ticket: Int)
            /// Nobody has it. What it has put into the cache may still be there.
            case stopped
        }

        var phase: Phase
        /// Where the span starts that it is in.
        var spanStart: UInt64
        /// The end of what it has put into the cache of its span.
        var published: UInt64
    }

    struct State {
        var table = SeekMap()
        var damages: [Int: Damage] = [:]
        var filtered: Set<Int> = []
        var filteredBytes: UInt64 = 0
        var passes: [Int: PassState] = [:]
        var tickets = 0
        /// What readers are about to read, latest last.
        var wanted: [Range<UInt64>] = []
        /// The offsets that readers wait for.
        var awaited: [UInt64] = []
        /// Everything before this block is known, or cannot be.
        var firstUnknown = 0
        /// How often something that was known has been forgotten, as it was wrong: what is found out of a span of an earlier
        /// generation says nothing of the present ones.
        var generation = 0
        /// When somebody last needed something decoded, in nanoseconds of the monotonic clock.
        var lastDemand: UInt64 = 0
    }

    let base: any Source
    let container: XZContainer
    let engine: Engine
    let index: any SeekIndex
    /// Whose units the pieces of spans are, numbered by where their spans start; and parked passes, numbered by block.
    let owner: Int
    let passOwner: Int
    /// What decoding one span is to take, in nanoseconds.
    let spanCost: UInt64
    /// The most memory that decoders of the layers below take for one read, in bytes.
    let memoryBelow: Int
    let state = Monitor(State())
    /// An estimate of how long decoding the largest block takes, in microseconds.
    let worstBlock: UInt64
    /// Whether the first block is one that only liblzma decodes, as all others are then, usually.
    let startsWithFilters: Bool
    /// The size of the first block's dictionary, in bytes; that of all others, usually.
    private let dictionary: UInt64

    static let maximumDamages = 1024
    private static let maximumWanted = 128

    /// What is known of the file that `base` holds, at first what `index` knows.
    init(
        _ base: any Source, _ container: XZContainer, _ engine: Engine, _ index: any SeekIndex, owner: Int,
        spanCost: UInt64
    ) {
        self.base = base
        self.container = container
        self.engine = engine
        self.index = index
        self.owner = owner
        self.spanCost = spanCost
        memoryBelow = base.decodingMemory
        passOwner = engine.cache.newOwner()
        let costs = container.blocks.indices.lazy.map { number in
            DecodeCost.nanoseconds(
                input: container.blocks[number].unpaddedSize,
                output: container.end(of: number) - container.blocks[number].start)
        }
        worstBlock = (costs.max() ?? 0) / 1000
        let header = container.blocks.first.flatMap { block in
            try? XZBlockHeader(of: base, block, uncompressedSize: container.end(of: 0) - block.start)
        }
        startsWithFilters = (header?.filters.count ?? 0) > 1
        dictionary = header?.lzma2Dictionary ?? 0
        do throws(ImageError) {
            let table = try SeekMap(index.knowledge(), size: container.size)
            for span in table.spans { try check(span) }
            state.change { $0.table = table }
        } catch {
            index.drop()
        }
    }

    deinit {
        engine.cache.remove(owner: passOwner)
    }

    /// Throws `corrupt` unless `span` lies in one block, in the layer as in the file.
    private func check(_ span: SeekSpan) throws(ImageError) {
        let number = container.block(at: span.range.lowerBound)
        let block = container.blocks[number]
        let isFirst = span.range.lowerBound == block.start
        let file = block.offset..<block.offset + block.unpaddedSize
        guard span.range.upperBound <= container.end(of: number), file.contains(span.input),
            isFirst == (span.input == block.offset)
        else {
            throw ImageError(.corrupt, "seek index: span \(span.range) at \(span.input) fits no block")
        }
    }

    func unit(_ spanStart: UInt64) -> DecodedCache.Unit {
        DecodedCache.Unit(owner: owner, number: Int(spanStart))
    }

    func passUnit(_ block: Int) -> DecodedCache.Unit {
        DecodedCache.Unit(owner: passOwner, number: block)
    }

    func range(of block: Int) -> Range<UInt64> { container.blocks[block].start..<container.end(of: block) }

    /// The memory that one decoder may take, in bytes.
    var memoryLimit: Int { engine.cache.plan.decoder(below: memoryBelow) }

    /// The most memory that decoders take at once for one read, in bytes.
    var decodingMemory: Int {
        let decoder = LZMA2Decoder.memory(
            dictionary: dictionary, size: container.size, memoryLimit: memoryLimit)
        return XZBlockPass.cost(decoder: decoder) + memoryBelow
    }

    // MARK: Looking up

    /// What is known at `offset`, or in the cache; nil where that is nothing.
    func placeNow(_ offset: UInt64) throws(ImageError) -> Place? {
        let block = container.block(at: offset)
        return try state.withLock { state throws(ImageError) in
            try known(offset, block, state) ?? open(offset, block, state)
        }
    }

    /// What a pass may have put into the cache, of the span that it is in.
    private func open(_ offset: UInt64, _ block: Int, _ state: State) -> Place? {
        guard let pass = state.passes[block], pass.spanStart <= offset, offset < pass.published else {
            return nil
        }
        return .open(spanStart: pass.spanStart)
    }

    private func known(_ offset: UInt64, _ block: Int, _ state: State) throws(ImageError) -> Place? {
        if let damage = state.damages[block], damage.from <= offset { throw damage.error }
        guard let span = state.table.span(at: offset) else {
            return state.filtered.contains(block) ? .filtered(block: block) : nil
        }
        let extent = state.table.extent(at: offset, size: container.size)
        return extent.kind == .zero ? .zeroes(end: extent.range.upperBound) : .span(span)
    }

    /// What is at `offset`, after a pass as far as that, if none has been there; for a reader that takes `count` bytes from there on.
    ///
    /// `ignoringOpen`: wait until the span is known, as the piece has left the cache.
    func place(
        _ offset: UInt64, taking count: UInt64, ignoringOpen: Bool = false
    ) throws(ImageError) -> Place {
        let block = container.block(at: offset)
        enum Outcome {
            case place(Place)
            case failed(ImageError)
            case ours(ticket: Int)
        }
        var isAwaited = false
        func look(_ state: inout State) -> Outcome? {
            do throws(ImageError) {
                if let place = try known(offset, block, state) { return .place(place) }
            } catch {
                return .failed(error)
            }
            if !ignoringOpen, let place = open(offset, block, state) { return .place(place) }
            if !isAwaited {
                isAwaited = true
                state.awaited.append(offset)
                want(offset..<offset + max(1, min(count, container.size - offset)), &state)
            }
            return state.takePass(block, at: offset).map { .ours(ticket: $0) }
        }
        defer {
            if isAwaited {
                state.withLock { state in
                    if let index = state.awaited.firstIndex(of: offset) { state.awaited.remove(at: index) }
                }
            }
        }
        while true {
            let outcome = state.withLock(look) ?? engine.workers.whileBlocked { state.wait(until: look) }
            switch outcome {
            case .place(let place): return place
            case .failed(let error): throw error
            case .ours(let ticket):
                let outcome = try runPass(over: block, ticket, until: offset, keepingPieces: count)
                if case .ran(let piece?) = outcome { return piece }
            }
        }
    }

    /// Says that `range` will be read soon, so that a pass that comes there puts it into the cache.
    func want(_ range: Range<UInt64>) {
        state.withLock { want(range, &$0) }
    }

    private func want(_ range: Range<UInt64>, _ state: inout State) {
        state.lastDemand = monotonicTime()
        let end = range.lowerBound + min(engine.cache.plan.window, container.size - range.lowerBound)
        let window = range.lowerBound..<min(range.upperBound, end)
        guard !window.isEmpty else { return }
        // A reader that reads on widens its window.
        if let index = state.wanted.lastIndex(where: { $0.contains(window.lowerBound) }) {
            let old = state.wanted.remove(at: index)
            state.wanted.append(old.lowerBound..<max(old.upperBound, window.upperBound))
        } else {
            state.wanted.append(window)
            if state.wanted.count > Self.maximumWanted { state.wanted.removeFirst() }
        }
    }

    /// The offset of the last byte of `span` that is not known to be zero; nil where there is none.
    func lastData(of span: SeekSpan) -> UInt64? {
        state.withLock { $0.table.lastData(in: span.range) }
    }

    /// The offset of the first byte of `span` that is not known to be zero; nil where there is none.
    func firstData(of span: SeekSpan) -> UInt64? {
        let extent = extent(in: span.range)
        guard extent.kind == .zero else { return span.range.lowerBound }
        return extent.range.upperBound < span.range.upperBound ? extent.range.upperBound : nil
    }

    /// How many bytes in `range` are not known to be zero.
    func dataCount(in range: Range<UInt64>) -> UInt64 { state.withLock { $0.table.dataCount(in: range) } }

    /// Whether anything of `block` is unknown, and no pass is finding it out.
    func isUnknown(_ block: Int) -> Bool {
        state.withLock { state in
            (state.passes[block]?.phase ?? .stopped) == .stopped && state.damages[block] == nil
                && !state.filtered.contains(block)
                && state.table.firstGap(in: range(of: block)) != nil
        }
    }

    /// Whether `block` is decoded whole, and verified, before anything of it is known. Blocks of up to an eighth of the budget
    /// leave room for those that others read meanwhile. Of one that is cut nothing can be verified.
    func isDecodedWhole(_ block: Int) -> Bool {
        !container.blocks[block].isCut
            && container.end(of: block) - container.blocks[block].start <= engine.cache.plan.wholeBlock
    }

    // MARK: Decoding what is known

    /// What decoding a block needs to know of it.
    struct LZMA2Block {
        var header: XZBlockHeader
        /// The size of its dictionary, in bytes.
        var dictionary: UInt64
        /// Where it lies in the layer.
        var range: Range<UInt64>
        /// The most memory that a decoder of any part of it takes, in bytes.
        var decoderMemory: Int
    }

    /// The block `number`; nil where LZMA2 is not its only filter.
    func lzma2Block(_ number: Int) throws(ImageError) -> LZMA2Block? {
        let range = range(of: number)
        let size = range.upperBound - range.lowerBound
        let header = try XZBlockHeader(of: base, container.blocks[number], uncompressedSize: size)
        guard let dictionary = header.dictionary else { return nil }
        let memory = LZMA2Decoder.memory(dictionary: dictionary, size: size, memoryLimit: memoryLimit)
        return LZMA2Block(header: header, dictionary: dictionary, range: range, decoderMemory: memory)
    }

    /// Calls `body` with a decoder of `span`, and with memory for it.
    func withDecoder<Result>(
        of span: SeekSpan, _ body: (XZSpanDecoder) throws(ImageError) -> Result
    ) throws(ImageError) -> Result {
        let block = try block(of: span)
        // Before anything of a unit: nothing that is parked will do.
        let turn = engine.cache.begin(demand(block), unit(span.range.lowerBound), before: -1)
        defer { engine.cache.end(turn) }
        return try body(try decoder(of: span, in: block))
    }

    /// The memory that a decoder of a span in `block` takes.
    func demand(_ block: LZMA2Block) -> DecodedCache.Demand {
        DecodedCache.Demand(decoder: block.decoderMemory, below: memoryBelow)
    }

    /// The block that `span` lies in.
    func block(of span: SeekSpan) throws(ImageError) -> LZMA2Block {
        guard let block = try lzma2Block(container.block(at: span.range.lowerBound)) else {
            throw ImageError(.corrupt, "seek index: span \(span.range) is in a block that has other filters")
        }
        return block
    }

    /// A decoder of `span` in `block`, for which the caller has memory.
    func decoder(of span: SeekSpan, in block: LZMA2Block) throws(ImageError) -> XZSpanDecoder {
        try XZSpanDecoder(
            of: span, try detail(of: span), in: base, block.header, dictionary: block.dictionary,
            blockEnd: block.range.upperBound, memoryLimit: memoryLimit)
    }

    /// The detail of `span`.
    ///
    /// Throws `corrupt` where it cannot be had, whatever the reason: the index is of no use then; or only the span is not, where
    /// nothing is kept of it, and forgotten is what it is then.
    func detail(of span: SeekSpan) throws(ImageError) -> SpanDetail {
        do throws(ImageError) {
            guard let packed = try index.detail(of: span) else {
                forget(span)
                throw ImageError(.corrupt, "nothing is kept of the span \(span.range)")
            }
            let detail = try SpanDetail(packed, pieces: span.pieces, limit: memoryLimit)
            let block = container.blocks[container.block(at: span.range.lowerBound)]
            guard (span.range.lowerBound == block.start) == detail.state.isEmpty else {
                throw ImageError(
                    .corrupt, "span \(span.range) has \(detail.state.count) bytes of state to start from")
            }
            return detail
        } catch {
            throw ImageError(.corrupt, "seek index: \(error)")
        }
    }

    /// The span that holds `offset`, if it is known.
    func span(at offset: UInt64) -> SeekSpan? { state.withLock { $0.table.span(at: offset) } }

    /// Whether nobody waits for something to be found out, or has needed something decoded for `time` nanoseconds.
    func isQuiet(for time: UInt64) -> Bool {
        let now = monotonicTime()
        return state.withLock { $0.awaited.isEmpty && now - min(now, $0.lastDemand) > time }
    }

    /// Notes that somebody needs something decoded now.
    func noteDemand() {
        state.withLock { $0.lastDemand = monotonicTime() }
    }

    /// Takes `error`, met in decoding `span` of this `generation`, for what it says of the index; returns it with its place.
    func note(_ error: ImageError, in span: SeekSpan, _ generation: Int) -> ImageError {
        let block = container.block(at: span.range.lowerBound)
        switch error.code {
        case .corrupt, .unsupported:
            // Either the index is wrong or the image has changed since: a pass from the start will tell.
            drop(generation)
        case .io, .outOfRange, .limit, .refused:
            break
        }
        var error = error
        error.path = ["seek index: span at \(span.range.lowerBound)"] + error.path
        return placed(error, block)
    }

    /// Forgets all spans: something in the index is wrong. Nothing happens where others have done so since this `generation`.
    func drop(_ generation: Int) {
        let isFirst = state.change { state in
            guard state.generation == generation else { return false }
            state.generation += 1
            state.table = SeekMap()
            state.firstUnknown = 0
            for block in state.passes.keys { state.passes[block]?.published = 0 }
            return true
        }
        guard isFirst else { return }
        index.drop()
        engine.cache.remove(owner: owner)
        engine.cache.remove(owner: passOwner)
    }

    /// `error` with the block it lies in.
    func placed(_ error: ImageError, _ block: Int) -> ImageError {
        var placed = error
        placed.path = ["xz", "block \(block + 1) at \(container.blocks[block].offset)"] + error.path
        return placed
    }
}
