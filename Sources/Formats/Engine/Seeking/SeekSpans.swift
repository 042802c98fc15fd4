/// The map of a compressed file's spans, at which decoding can start, and the passes that complete it.
///
/// A thread that needs an unknown part runs a pass over its block up to there. Other threads that need something of the
/// same block wait for that pass. A block that is small against the cache is decoded whole: nothing of it becomes
/// known, or is returned, before its check has been verified.
final class SeekSpans: Sendable {
    /// The result of looking up an offset.
    enum Lookup {
        case zeroes(end: UInt64)
        case span(SeekSpan)
        /// A span that starts there is being decoded, and the piece at the offset has gone to the cache.
        case open(spanStart: UInt64)
        /// A piece that was decoded for this lookup, and its start.
        case piece(start: UInt64, [UInt8])
        /// A block that decodes from its start only.
        case sequential(block: Int)
    }

    /// The error of a block, and the offset in the layer from which it cannot be read.
    struct Damage {
        var from: UInt64
        var error: ImageError
    }

    /// The progress of the pass over a block, and the thread that has it.
    struct PassState {
        enum Phase: Equatable {
            /// The thread with this ticket waits for memory to run it.
            case waiting(ticket: Int)
            case running(ticket: Int)
            /// No thread has it. The pieces that it has put into the cache may still be there.
            case stopped
        }

        var phase: Phase
        /// The start of its current span.
        var spanStart: UInt64
        /// The end of the part of that span that it has put into the cache.
        var published: UInt64
    }

    struct State {
        var table = SeekMap()
        var damages: [Int: Damage] = [:]
        /// The blocks that decode from their start only, and the number of their bytes.
        var sequential: Set<Int> = []
        var sequentialBytes: UInt64 = 0
        var passes: [Int: PassState] = [:]
        var tickets = 0
        /// The ranges that readers are about to read, the latest last.
        var wanted: [Range<UInt64>] = []
        /// The offsets that readers wait for.
        var awaited: [UInt64] = []
        /// The first block that may have unknown parts. Everything before it is known, or cannot be.
        var firstUnknown = 0
        /// The number of times that spans were forgotten because they were wrong. Results about a span of an earlier
        /// generation say nothing about the present spans.
        var generation = 0
        /// The time at which a thread last needed something decoded, in nanoseconds of the monotonic clock.
        var lastDemand: UInt64 = 0
    }

    let scheme: any SeekScheme
    let engine: Engine
    let index: any SeekIndex
    /// The owner of the units of spans, which are numbered by their spans' starts, and the owner of parked passes,
    /// which are numbered by block.
    let owner: Int
    let passOwner: Int
    /// The most memory in bytes that decoders of the layers below take for one read.
    let memoryBelow: Int
    let state = Monitor(State())
    /// An estimate of the time for decoding the largest block, in microseconds.
    let worstBlock: UInt64
    /// The size of the layer, in bytes.
    let size: UInt64

    static let maximumDamages = 1024
    private static let maximumWanted = 128

    /// A span that has been decoded, and the runs of zeroes in it.
    typealias Known = (span: SeekSpan, zeroes: [Range<UInt64>])

    /// Starts the map of the file of `scheme` with the spans that are `learned`, and with the `knowledge` of `index`.
    init(
        _ scheme: any SeekScheme, _ engine: Engine, _ index: any SeekIndex, owner: Int,
        _ knowledge: SeekKnowledge,
        _ learned: [Known] = []
    ) {
        self.scheme = scheme
        self.engine = engine
        self.index = index
        self.owner = owner
        size = scheme.size
        memoryBelow = scheme.base.decodingMemory
        passOwner = engine.cache.newOwner()
        let costs = (0..<scheme.blockCount).lazy.map { scheme.decodingTime(of: $0) }
        worstBlock = (costs.max() ?? 0) / 1000
        do throws(ImageError) {
            var table = try SeekMap(knowledge, size: size)
            for span in table.spans { try check(span) }
            for (span, zeroes) in learned { _ = table.add(span, zeroes: zeroes) }
            state.change { $0.table = table }
        } catch {
            index.drop()
        }
    }

    deinit {
        engine.cache.remove(owner: passOwner)
    }

    /// Throws `corrupt` unless `span` lies in one block, both in the layer and in the file.
    private func check(_ span: SeekSpan) throws(ImageError) {
        let block = scheme.block(at: span.range.lowerBound)
        let (range, input) = (scheme.range(of: block), scheme.input(of: block))
        guard span.range.upperBound <= range.upperBound, input.contains(span.input),
            (span.range.lowerBound == range.lowerBound) == (span.input == input.lowerBound)
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

    func range(of block: Int) -> Range<UInt64> { scheme.range(of: block) }

    /// The memory in bytes that one decoder may take.
    var memoryLimit: Int { engine.cache.plan.decoder(below: memoryBelow) }

    /// The most memory in bytes that decoders take at once for one read.
    var decodingMemory: Int { scheme.passMemory(limit: memoryLimit) + memoryBelow }

    // MARK: Looking up

    /// The lookup of `offset`, if it is known or in the cache. Nil otherwise.
    func lookUpNow(_ offset: UInt64) throws(ImageError) -> Lookup? {
        let block = scheme.block(at: offset)
        return try state.withLock { state throws(ImageError) in
            try known(offset, block, state) ?? open(offset, block, state)
        }
    }

    /// The lookup of `offset` if a pass may have put its piece into the cache, for the span that it is in.
    private func open(_ offset: UInt64, _ block: Int, _ state: State) -> Lookup? {
        guard let pass = state.passes[block], pass.spanStart <= offset, offset < pass.published else {
            return nil
        }
        return .open(spanStart: pass.spanStart)
    }

    private func known(_ offset: UInt64, _ block: Int, _ state: State) throws(ImageError) -> Lookup? {
        if let damage = state.damages[block], damage.from <= offset { throw damage.error }
        guard let span = state.table.span(at: offset) else {
            return state.sequential.contains(block) ? .sequential(block: block) : nil
        }
        let extent = state.table.extent(at: offset, size: size)
        return extent.kind == .zero ? .zeroes(end: extent.range.upperBound) : .span(span)
    }

    /// The lookup of `offset`. If it is unknown, runs a pass up to there. The reader takes `count` bytes from there on.
    ///
    /// `ignoringOpen` is true to wait until the span is known, because the piece has left the cache.
    func lookUp(
        _ offset: UInt64, taking count: UInt64, ignoringOpen: Bool = false
    ) throws(ImageError) -> Lookup {
        let block = scheme.block(at: offset)
        enum Outcome {
            case found(Lookup)
            case failed(ImageError)
            case ours(ticket: Int)
        }
        let isDecoding = Reservations.claim != nil
        var isAwaited = false
        func look(_ state: inout State) -> Outcome? {
            do throws(ImageError) {
                if let found = try known(offset, block, state) { return .found(found) }
            } catch {
                return .failed(error)
            }
            if !ignoringOpen, let found = open(offset, block, state) { return .found(found) }
            if !isAwaited {
                isAwaited = true
                state.awaited.append(offset)
                want(offset..<offset + max(1, min(count, size - offset)), &state)
            }
            return state.takePass(block, at: offset, isDecoding: isDecoding).map { .ours(ticket: $0) }
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
            case .found(let found): return found
            case .failed(let error): throw error
            case .ours(let ticket):
                let outcome = try runPass(over: block, ticket, until: offset, keepingPieces: count)
                if case .ran(let piece?) = outcome { return piece }
            }
        }
    }

    /// Notes that `range` will be read soon, so that a pass that comes there puts it into the cache.
    func want(_ range: Range<UInt64>) {
        state.withLock { want(range, &$0) }
    }

    private func want(_ range: Range<UInt64>, _ state: inout State) {
        state.lastDemand = monotonicTime()
        let end = range.lowerBound + min(engine.cache.plan.window, size - range.lowerBound)
        let window = range.lowerBound..<min(range.upperBound, end)
        guard !window.isEmpty else { return }
        // A sequential reader widens its window.
        if let index = state.wanted.lastIndex(where: { $0.contains(window.lowerBound) }) {
            let old = state.wanted.remove(at: index)
            state.wanted.append(old.lowerBound..<max(old.upperBound, window.upperBound))
        } else {
            state.wanted.append(window)
            if state.wanted.count > Self.maximumWanted { state.wanted.removeFirst() }
        }
    }

    /// The offset of the last byte of `span` that is not known to be zero. Nil if there is none.
    func lastData(of span: SeekSpan) -> UInt64? {
        state.withLock { $0.table.lastData(in: span.range) }
    }

    /// The offset of the first byte of `span` that is not known to be zero. Nil if there is none.
    func firstData(of span: SeekSpan) -> UInt64? {
        let extent = extent(in: span.range)
        guard extent.kind == .zero else { return span.range.lowerBound }
        return extent.range.upperBound < span.range.upperBound ? extent.range.upperBound : nil
    }

    /// The number of bytes in `range` that are not known to be zero.
    func dataCount(in range: Range<UInt64>) -> UInt64 { state.withLock { $0.table.dataCount(in: range) } }

    /// True if anything of `block` is unknown and no pass is working on it.
    func isUnknown(_ block: Int) -> Bool {
        state.withLock { state in
            (state.passes[block]?.phase ?? .stopped) == .stopped && state.damages[block] == nil
                && !state.sequential.contains(block)
                && state.table.firstGap(in: range(of: block)) != nil
        }
    }

    /// True if `block` is decoded whole, and verified, before anything of it is known. Blocks of up to an eighth of the
    /// budget leave room for those that others read meanwhile. A block that is cut short cannot be verified.
    func isDecodedWhole(_ block: Int) -> Bool {
        let range = range(of: block)
        return range.upperBound - range.lowerBound <= engine.cache.plan.wholeBlock && scheme.hasCheck(block)
    }
}
