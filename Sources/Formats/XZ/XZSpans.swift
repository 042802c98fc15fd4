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
    private struct Damage {
        var from: UInt64
        var error: ImageError
    }

    /// A pass that a thread is running.
    private struct Running {
        var spanStart: UInt64
        /// The end of what it has put into the cache of its span.
        var published: UInt64
    }

    private struct State {
        var table = SeekMap()
        var damages: [Int: Damage] = [:]
        var filtered: Set<Int> = []
        var filteredBytes: UInt64 = 0
        var running: [Int: Running] = [:]
        /// What readers are about to read, latest last.
        var wanted: [Range<UInt64>] = []
        /// Everything before this block is known, or cannot be.
        var firstUnknown = 0
        /// When somebody last needed something decoded, in nanoseconds of the monotonic clock.
        var lastDemand: UInt64 = 0
    }

    let base: any Source
    let container: XZContainer
    let engine: Engine
    private let index: any SeekIndex
    /// Whose units the pieces of spans are, numbered by where their spans start; and parked passes, numbered by block.
    private let owner: Int
    private let passOwner: Int
    /// What decoding one span is to take, in nanoseconds.
    private let spanCost: UInt64
    private let state = Monitor(State())

    private static let maximumDamages = 1024
    private static let maximumWanted = 32

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
        passOwner = engine.cache.newOwner()
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

    private func passUnit(_ block: Int) -> DecodedCache.Unit {
        DecodedCache.Unit(owner: passOwner, number: block)
    }

    func range(of block: Int) -> Range<UInt64> { container.blocks[block].start..<container.end(of: block) }

    /// The memory that one decoder may take, in bytes.
    var memoryLimit: Int { engine.cache.budget / 2 }

    /// How much is decoded ahead for one reader at most, in bytes.
    private var windowSize: UInt64 { UInt64(min(16 << 20, engine.cache.budget / 8)) }

    // MARK: Looking up

    /// What is known at `offset`; nil where that is nothing.
    func placeNow(_ offset: UInt64) throws(ImageError) -> Place? {
        let block = container.block(at: offset)
        return try state.withLock { state throws(ImageError) in
            try known(offset, block, state)
        }
    }

    private func known(_ offset: UInt64, _ block: Int, _ state: State) throws(ImageError) -> Place? {
        if let damage = state.damages[block], damage.from <= offset { throw damage.error }
        guard let span = state.table.span(at: offset) else {
            return state.filtered.contains(block) ? .filtered(block: block) : nil
        }
        let extent = state.table.extent(at: offset, size: container.size)
        return extent.kind == .zero ? .zeroes(end: extent.range.upperBound) : .span(span)
    }

    /// What is at `offset`, after a pass as far as that, if none has been there.
    ///
    /// `ignoringOpen`: wait until the span is known, as the piece has left the cache.
    func place(_ offset: UInt64, ignoringOpen: Bool = false) throws(ImageError) -> Place {
        let block = container.block(at: offset)
        enum Outcome {
            case place(Place)
            case failed(ImageError)
            case ours
        }
        func look(_ state: inout State) -> Outcome? {
            do throws(ImageError) {
                if let place = try known(offset, block, state) { return .place(place) }
            } catch {
                return .failed(error)
            }
            want(offset..<offset + 1, &state)
            guard let running = state.running[block] else {
                state.running[block] = Running(spanStart: offset, published: 0)
                return .ours
            }
            if !ignoringOpen, running.spanStart <= offset, offset < running.published {
                return .place(.open(spanStart: running.spanStart))
            }
            return nil
        }
        while true {
            let outcome = state.withLock(look) ?? engine.workers.whileBlocked { state.wait(until: look) }
            switch outcome {
            case .place(let place): return place
            case .failed(let error): throw error
            case .ours:
                if let piece = try runPass(over: block, until: offset, keepingPieces: true) { return piece }
            }
        }
    }

    /// Says that `range` will be read soon, so that a pass that comes there puts it into the cache.
    func want(_ range: Range<UInt64>) {
        state.withLock { want(range, &$0) }
    }

    private func want(_ range: Range<UInt64>, _ state: inout State) {
        state.lastDemand = monotonicTime()
        let end = range.lowerBound + min(windowSize, container.size - range.lowerBound)
        let window = range.lowerBound..<max(range.upperBound, end)
        // A reader that reads on widens its window.
        if let index = state.wanted.lastIndex(where: { $0.contains(window.lowerBound) }) {
            let old = state.wanted.remove(at: index)
            state.wanted.append(window.lowerBound..<max(old.upperBound, window.upperBound))
        } else {
            state.wanted.append(window)
            if state.wanted.count > Self.maximumWanted { state.wanted.removeFirst() }
        }
    }

    /// The data or zeroes at the start of `range`.
    func extent(in range: Range<UInt64>) -> Extent {
        let extent = state.withLock { $0.table.extent(at: range.lowerBound, size: container.size) }
        return Extent(extent.range.clamped(to: range), extent.kind)
    }

    /// The offset of the last byte of `span` that is not known to be zero; nil where there is none.
    func lastData(of span: SeekSpan) -> UInt64? {
        state.withLock { $0.table.lastData(in: span.range) }
    }

    /// Whether anything of `block` is unknown, and no pass is finding it out.
    func isUnknown(_ block: Int) -> Bool {
        state.withLock { state in
            state.running[block] == nil && state.damages[block] == nil && !state.filtered.contains(block)
                && state.table.firstGap(in: range(of: block)) != nil
        }
    }

    /// Whether `block` is decoded whole, and verified, before anything of it is known. Blocks of up to an eighth of the budget
    /// leave room for those that others read meanwhile.
    func isDecodedWhole(_ block: Int) -> Bool {
        container.end(of: block) - container.blocks[block].start <= UInt64(engine.cache.budget / 8)
    }

    // MARK: Decoding what is known

    /// A decoder of `span`.
    func decoder(of span: SeekSpan) throws(ImageError) -> XZSpanDecoder {
        let number = container.block(at: span.range.lowerBound)
        let range = range(of: number)
        let header = try XZBlockHeader(
            of: base, container.blocks[number], uncompressedSize: range.upperBound - range.lowerBound)
        guard let dictionary = header.dictionary else {
            throw ImageError(.corrupt, "seek index: span \(span.range) is in a block that has other filters")
        }
        return try XZSpanDecoder(
            of: span, try detail(of: span), in: base, header, dictionary: dictionary,
            blockEnd: range.upperBound,
            memoryLimit: memoryLimit)
    }

    /// The detail of `span`.
    ///
    /// Throws `corrupt` where it cannot be had, whatever the reason: the index is of no use then.
    private func detail(of span: SeekSpan) throws(ImageError) -> SpanDetail {
        do throws(ImageError) {
            return try SpanDetail(try index.detail(of: span), pieces: span.pieces, limit: memoryLimit)
        } catch {
            throw ImageError(.corrupt, "seek index: \(error)")
        }
    }

    /// The span that holds `offset`, if it is known.
    func span(at offset: UInt64) -> SeekSpan? { state.withLock { $0.table.span(at: offset) } }

    /// Notes that somebody needs something decoded now.
    func noteDemand() {
        state.withLock { $0.lastDemand = monotonicTime() }
    }

    /// Takes `error`, met in decoding `span`, for what it says of the index; returns it with its place.
    func note(_ error: ImageError, in span: SeekSpan) -> ImageError {
        let block = container.block(at: span.range.lowerBound)
        switch error.code {
        case .corrupt, .unsupported:
            // Either the index is wrong or the image has changed since: a pass from the start will tell.
            drop()
        case .io, .outOfRange, .limit, .refused:
            break
        }
        var error = error
        error.path = ["seek index: span at \(span.range.lowerBound)"] + error.path
        return placed(error, block)
    }

    /// Forgets all spans: something in the index is wrong.
    private func drop() {
        index.drop()
        state.change { state in
            state.table = SeekMap()
            state.firstUnknown = 0
        }
        engine.cache.remove(owner: owner)
        engine.cache.remove(owner: passOwner)
    }

    /// `error` with the block it lies in.
    func placed(_ error: ImageError, _ block: Int) -> ImageError {
        var placed = error
        placed.path = ["xz", "block \(block + 1) at \(container.blocks[block].offset)"] + error.path
        return placed
    }

    // MARK: Passes

    /// What `learnSome` has come to.
    enum Progress {
        case learned
        /// All that is left is being found out by other threads.
        case othersAtWork
        /// Nothing is left, or the index takes no more.
        case done
    }

    /// Finds out the next thing that is not known: a small block, or a span of another one.
    func learnSome() throws(ImageError) -> Progress {
        var othersAtWork = false
        let gap = state.withLock { state -> (block: Int, offset: UInt64)? in
            for block in state.firstUnknown..<container.blocks.count {
                let offset = state.table.firstGap(in: range(of: block))
                let isDone = offset == nil || state.damages[block] != nil || state.filtered.contains(block)
                if isDone && block == state.firstUnknown { state.firstUnknown += 1 }
                guard !isDone, let offset else { continue }
                if state.running[block] == nil {
                    state.running[block] = Running(spanStart: offset, published: 0)
                    return (block, offset)
                }
                othersAtWork = true
            }
            return nil
        }
        guard let gap else { return othersAtWork ? .othersAtWork : .done }
        _ = try runPass(over: gap.block, until: gap.offset, keepingPieces: false)
        let isLearned = state.withLock { state in
            state.filtered.contains(gap.block) || state.table.span(at: gap.offset) != nil
        }
        return isLearned ? .learned : .done
    }

    /// When somebody last needed something decoded, in nanoseconds of `monotonicTime`.
    var lastDemand: UInt64 { state.withLock { $0.lastDemand } }

    /// How far the file is indexed.
    var indexState: IndexState {
        let worst = container.blocks.indices.lazy.map { block in
            DecodeCost.nanoseconds(
                input: self.container.blocks[block].unpaddedSize,
                output: self.container.end(of: block) - self.container.blocks[block].start)
        }.max()
        let startsWithFilters = container.blocks.first.map { block in
            let size = container.end(of: 0) - block.start
            let header = try? XZBlockHeader(of: base, block, uncompressedSize: size)
            return header.map { $0.filters.count > 1 } ?? false
        }
        return state.withLock { state in
            IndexState(
                indexed: state.table.indexed, size: container.size, spans: state.table.spans.count,
                worstSpan: state.table.worstTime, zeroes: state.table.zeroBytes,
                worstBlock: (worst ?? 0) / 1000,
                seeksByBlockOnly: !state.filtered.isEmpty || startsWithFilters == true,
                isComplete: state.table.indexed + state.filteredBytes == container.size)
        }
    }

    /// Every span that is known.
    var all: [SeekSpan] { state.withLock { $0.table.spans } }

    /// Runs a pass over `block` until `offset` is known, one way or the other, or over all of a small block. The caller has made
    /// it run in `state.running`.
    ///
    /// Returns the piece at `offset`, where it came by it and is `keepingPieces`.
    private func runPass(
        over block: Int, until offset: UInt64, keepingPieces: Bool
    ) throws(ImageError) -> Place? {
        defer { state.change { $0.running[block] = nil } }
        while true {
            var attempt = Attempt(damageStart: range(of: block).lowerBound)
            do throws(ImageError) {
                return try runPass(over: block, until: offset, keepingPieces: keepingPieces, &attempt)
            } catch {
                guard attempt.reliesOnIndex, error.code == .corrupt || error.code == .unsupported else {
                    throw note(error, in: block, from: attempt.damageStart)
                }
                // The index may be wrong as well as the data: a pass from the start of the block tells.
                attempt.isProven ? forget(block) : drop()
            }
        }
    }

    /// How far a pass got.
    private struct Attempt {
        /// Where what it ran into may have started.
        var damageStart: UInt64
        var reliesOnIndex = false
        var isProven = false
    }

    private func runPass(
        over block: Int, until offset: UInt64, keepingPieces: Bool, _ attempt: inout Attempt
    ) throws(ImageError) -> Place? {
        let range = range(of: block)
        guard let pass = try pass(over: block, at: offset, &attempt.reliesOnIndex) else { return nil }
        engine.cache.countDecode()
        engine.cache.reserve(pass.cost)
        defer { engine.cache.release(pass.cost) }
        if isDecodedWhole(block) && pass.spanStart == range.lowerBound {
            return try learnWhole(block, pass, offset, keepingPieces)
        }
        var place: Place?
        while !pass.isFinished && pass.position <= offset {
            attempt.damageStart = pass.position
            attempt.isProven = pass.isProven
            // What is found at the end of a block is wrong with all of it.
            defer { if pass.position == range.upperBound { attempt.damageStart = range.lowerBound } }
            place = try learnNext(block, pass, offset, keepingPieces)
        }
        if !pass.isFinished { engine.cache.park(pass, of: passUnit(block)) }
        return place
    }

    /// Forgets the spans of `block`: something in the index of it may be wrong.
    private func forget(_ block: Int) {
        let range = range(of: block)
        index.remove(range)
        state.change { state in
            state.table.remove(range)
            state.firstUnknown = min(state.firstUnknown, block)
        }
        engine.cache.remove(owner: owner)
        engine.cache.remove(passUnit(block))
    }

    /// A pass that will come to `offset`; nil where the block is one that only liblzma decodes.
    private func pass(
        over block: Int, at offset: UInt64, _ reliesOnIndex: inout Bool
    ) throws(ImageError) -> XZBlockPass? {
        let parked = engine.cache.takeParked(passUnit(block), before: Int(offset)) as? XZBlockPass
        if let parked, parked.covers(offset) {
            reliesOnIndex = parked.startsFromIndex
            return parked
        }
        let range = range(of: block)
        let header = try XZBlockHeader(
            of: base, container.blocks[block], uncompressedSize: range.upperBound - range.lowerBound)
        guard let dictionary = header.dictionary else {
            state.change { state in
                if state.filtered.insert(block).inserted {
                    state.filteredBytes += range.upperBound - range.lowerBound
                }
            }
            return nil
        }
        let (before, after) = state.withLock { state in
            (
                state.table.lastSpan(before: offset, from: range.lowerBound, reach: dictionary),
                state.table.neighbours(of: offset).after
            )
        }
        var known: (span: SeekSpan, detail: SpanDetail)?
        if let before {
            do throws(ImageError) {
                let detail = try withWholeWindow(
                    try detail(of: before), of: before, blockStart: range.lowerBound)
                known = (before, detail)
            } catch {
                // From the start of the block, then.
                if error.code == .corrupt { drop() }
            }
        }
        let end = min(after?.range.lowerBound ?? range.upperBound, range.upperBound)
        let boundaries = state.withLock { state in
            state.table.starts(in: (known?.span.range.upperBound ?? range.lowerBound)..<end)
        }
        reliesOnIndex = known != nil
        return try XZBlockPass(
            over: container.blocks[block], of: base, header, dictionary: dictionary, in: range, from: known,
            to: end, boundaries: boundaries, spanCost: spanCost, level: index.compressionLevel,
            memoryLimit: memoryLimit)
    }

    private func learnWhole(
        _ block: Int, _ pass: XZBlockPass, _ offset: UInt64, _ keepingPieces: Bool
    ) throws(ImageError) -> Place? {
        let range = range(of: block)
        let size = keepingPieces ? Int(range.upperBound - range.lowerBound) : 0
        engine.cache.reserve(size)
        defer { engine.cache.release(size) }
        var pieces: [(span: UInt64, number: Int, bytes: [UInt8])] = []
        var place: Place?
        var learned: [XZBlockPass.Learned] = []
        while !pass.isFinished {
            learned.append(
                try pass.nextSpan { span, number, piece in
                    guard keepingPieces else { return }
                    let start = span + UInt64(number) * UInt64(SeekSpan.pieceSize)
                    // Zeroes too, as the index may have no room to keep that they are.
                    if start <= offset, offset - start < UInt64(piece.count) {
                        place = .piece(start: start, piece.content)
                    }
                    if case .bytes(let bytes) = piece { pieces.append((span, number, bytes)) }
                })
        }
        // Into the cache first: a reader that finds a span known would decode it otherwise.
        for (span, number, bytes) in pieces { engine.cache.publish(unit(span), number, [bytes]) }
        for learned in learned { add(learned) }
        return place
    }

    private func learnNext(
        _ block: Int, _ pass: XZBlockPass, _ offset: UInt64, _ keepingPieces: Bool
    ) throws(ImageError) -> Place? {
        var place: Place?
        let learned = try pass.nextSpan { span, number, piece in
            let start = span + UInt64(number) * UInt64(SeekSpan.pieceSize)
            let range = start..<start + UInt64(piece.count)
            let isOurs = keepingPieces && range.contains(offset)
            let isWanted = isOurs || state.withLock { $0.wanted.contains { $0.overlaps(range) } }
            var running = Running(spanStart: span, published: 0)
            if isWanted {
                engine.cache.publish(unit(span), number, [piece.content])
                running.published = range.upperBound
            }
            if isOurs { place = .piece(start: start, piece.content) }
            state.change { $0.running[block] = running }
        }
        add(learned)
        return place
    }

    private func add(_ learned: XZBlockPass.Learned) {
        let span = learned.span
        // One that a pass started from is known already. The index may take its time, as it saves now and then.
        let isNew = state.withLock { !$0.table.overlaps(span.range) }
        guard isNew, index.add(span, detail: learned.detail, zeroes: learned.zeroes) else { return }
        state.change { state in
            state.wanted.removeAll {
                span.range.lowerBound <= $0.lowerBound && $0.upperBound <= span.range.upperBound
            }
            _ = state.table.add(span, zeroes: learned.zeroes)
        }
    }

    /// Remembers `error`, unless another attempt may end differently; returns it with the block it lies in.
    private func note(_ error: ImageError, in block: Int, from offset: UInt64) -> ImageError {
        let placed = placed(error, block)
        switch error.code {
        case .io, .outOfRange: break
        case .corrupt, .unsupported, .limit, .refused:
            let range = range(of: block)
            state.change { state in
                if state.damages.count < Self.maximumDamages {
                    state.damages[block] = Damage(from: offset, error: placed)
                }
                // What was given out of the block already cannot be taken back; no more of it will be.
                if offset == range.lowerBound { state.table.remove(range) }
            }
            if offset == range.lowerBound { index.remove(range) }
        }
        return placed
    }
}
