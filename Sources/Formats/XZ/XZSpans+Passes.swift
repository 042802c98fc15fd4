// The finding out of what is not known: passes over blocks, one at a time over each.
extension XZSpans {
    /// What `learnSome` has come to.
    enum Progress {
        case learned
        /// All that is left is being found out by other threads.
        case othersAtWork
        /// Nothing is left, or the index takes no more.
        case done
    }

    /// Finds out the next thing that is not known: a small block, or a span of another one.
    ///
    /// With a `backlog`, all spans of that other one, until `isStopped`; compressing them is left to the backlog.
    func learnSome(
        _ backlog: Backlog? = nil, isStopped: @escaping () -> Bool = { true }
    ) throws(ImageError) -> Progress {
        // Before a pass takes memory.
        index.waitForRoom()
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
        _ = try runPass(
            over: gap.block, until: gap.offset, keepingPieces: false, backlog,
            while: backlog == nil ? nil : { !isStopped() })
        let isLearned = state.withLock { state in
            state.filtered.contains(gap.block) || state.table.span(at: gap.offset) != nil
        }
        return isLearned ? .learned : .done
    }

    /// When somebody last needed something decoded, in nanoseconds of `monotonicTime`.
    var lastDemand: UInt64 { state.withLock { $0.lastDemand } }

    /// How far the file is indexed.
    var indexState: IndexState {
        state.withLock { state in
            IndexState(
                indexed: state.table.indexed, size: container.size, spans: state.table.spans.count,
                worstSpan: state.table.worstTime,
                zeroes: max(state.table.zeroBytes, state.table.claimedBytes),
                worstBlock: worstBlock,
                seeksByBlockOnly: !state.filtered.isEmpty || startsWithFilters,
                isComplete: state.table.indexed + state.filteredBytes == container.size)
        }
    }

    /// Every span that is known.
    var all: [SeekSpan] { state.withLock { $0.table.spans } }

    /// Runs a pass over `block` until `offset` is known, one way or the other, or over all of a small block; with `goesOn`, for as
    /// long as that says so. The caller has made it run in `state.running`.
    ///
    /// Returns the piece at `offset`, where it came by it and is `keepingPieces`. With a `backlog`, that does the adding.
    func runPass(
        over block: Int, until offset: UInt64, keepingPieces: Bool, _ backlog: Backlog? = nil,
        while goesOn: (() -> Bool)? = nil
    ) throws(ImageError) -> Place? {
        defer {
            // Before anyone else takes what is not added yet for unknown.
            backlog?.drain()
            state.change { $0.running[block] = nil }
        }
        while true {
            var attempt = Attempt(damageStart: range(of: block).lowerBound, generation: generation)
            do throws(ImageError) {
                return try runPass(
                    over: block, until: offset, keepingPieces: keepingPieces, backlog, while: goesOn, &attempt
                )
            } catch {
                guard attempt.reliesOnIndex, error.code == .corrupt || error.code == .unsupported else {
                    throw note(error, in: block, from: attempt.damageStart)
                }
                // The index may be wrong as well as the data: a pass from the start of the block tells.
                attempt.isProven ? forget(block) : drop(attempt.generation)
            }
        }
    }

    /// How far a pass got.
    private struct Attempt {
        /// Where what it ran into may have started.
        var damageStart: UInt64
        /// That of the spans that it starts from.
        var generation: Int
        var reliesOnIndex = false
        var isProven = false
    }

    private func runPass(
        over block: Int, until offset: UInt64, keepingPieces: Bool, _ backlog: Backlog?,
        while goesOn: (() -> Bool)?, _ attempt: inout Attempt
    ) throws(ImageError) -> Place? {
        let parked = engine.cache.takeParked(passUnit(block), before: Int(offset)) as? XZBlockPass
        if let parked, parked.covers(offset) {
            engine.cache.reserve(parked.cost)
            defer { engine.cache.release(parked.cost) }
            attempt.reliesOnIndex = parked.startsFromIndex
            return try run(parked, over: block, until: offset, keepingPieces, backlog, goesOn, &attempt)
        }
        guard let lzma2 = try lzma2Block(block) else {
            noteFiltered(block)
            return nil
        }
        let before = state.withLock { state in
            state.table.lastSpan(before: offset, from: lzma2.range.lowerBound, reach: lzma2.dictionary)
        }
        // Before it takes any; and for the decoder that fills its window, where it has one.
        let cost = XZBlockPass.cost(decoder: lzma2.decoderMemory)
        let filling = before == nil ? 0 : lzma2.decoderMemory
        var reserved = cost + filling
        engine.cache.reserve(reserved)
        defer { engine.cache.release(reserved) }
        let pass = try newPass(over: lzma2, block, at: offset, after: before, &attempt)
        engine.cache.shrinkReservation(by: filling)
        reserved = cost
        return try run(pass, over: block, until: offset, keepingPieces, backlog, goesOn, &attempt)
    }

    private func run(
        _ pass: XZBlockPass, over block: Int, until offset: UInt64, _ keepingPieces: Bool,
        _ backlog: Backlog?,
        _ goesOn: (() -> Bool)?, _ attempt: inout Attempt
    ) throws(ImageError) -> Place? {
        let range = range(of: block)
        engine.cache.countDecode()
        if isDecodedWhole(block) && pass.spanStart == range.lowerBound {
            return try learnWhole(block, pass, offset, keepingPieces)
        }
        var place: Place?
        // Beyond what is needed only while the index has room: it is parked until that has saved what it has.
        while !pass.isFinished, goesOn?() ?? true, pass.position <= offset || goesOn != nil && index.hasRoom {
            attempt.damageStart = pass.position
            attempt.isProven = pass.isProven
            // What is found at the end of a block is wrong with all of it.
            defer { if pass.position == range.upperBound { attempt.damageStart = range.lowerBound } }
            place = try learnNext(block, pass, offset, keepingPieces, backlog)
        }
        if !pass.isFinished { engine.cache.park(pass, of: passUnit(block)) }
        return place
    }

    /// Forgets the spans of `block`: something in the index of it may be wrong.
    private func forget(_ block: Int) {
        let range = range(of: block)
        index.remove(range)
        state.change { state in
            state.generation += 1
            state.table.remove(range)
            state.firstUnknown = min(state.firstUnknown, block)
        }
        engine.cache.remove(owner: owner)
        engine.cache.remove(passUnit(block))
    }

    /// Remembers that only liblzma decodes `block`.
    private func noteFiltered(_ block: Int) {
        let range = range(of: block)
        state.change { state in
            guard state.filtered.insert(block).inserted else { return }
            state.filteredBytes += range.upperBound - range.lowerBound
        }
    }

    /// A new pass over `block`, block `number`, that will come to `offset`: from the span `before`, if there is one.
    private func newPass(
        over block: LZMA2Block, _ number: Int, at offset: UInt64, after before: SeekSpan?,
        _ attempt: inout Attempt
    ) throws(ImageError) -> XZBlockPass {
        let range = block.range
        let after = state.withLock { $0.table.neighbours(of: offset).after }
        var known: (span: SeekSpan, detail: SpanDetail)?
        if let before {
            do throws(ImageError) {
                known = (before, try detail(of: before))
            } catch {
                // From the start of the block, then.
                if error.code == .corrupt { drop(attempt.generation) }
            }
        }
        let end = min(after?.range.lowerBound ?? range.upperBound, range.upperBound)
        let boundaries = state.withLock { state in
            state.table.starts(in: (known?.span.range.upperBound ?? range.lowerBound)..<end)
        }
        attempt.reliesOnIndex = known != nil
        return try XZBlockPass(
            over: container.blocks[number], of: base, block.header, dictionary: block.dictionary, in: range,
            from: known, to: end, boundaries: boundaries, spanCost: spanCost, memoryLimit: memoryLimit
        ) { [start = known?.span.range.lowerBound ?? range.lowerBound] window throws(ImageError) in
            try self.fillWindow(&window, before: start)
        }
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
        _ block: Int, _ pass: XZBlockPass, _ offset: UInt64, _ keepingPieces: Bool, _ backlog: Backlog?
    ) throws(ImageError) -> Place? {
        var place: Place?
        let learned = try pass.nextSpan { span, number, piece in
            let start = span + UInt64(number) * UInt64(SeekSpan.pieceSize)
            let range = start..<start + UInt64(piece.count)
            var running = Running(spanStart: span, published: 0)
            if keepingPieces, range.contains(offset) { place = .piece(start: start, piece.content) }
            // Zeroes would only push out what is worth keeping: who wants them waits until the span is known.
            if case .bytes(let bytes) = piece,
                range.contains(offset) || state.withLock({ $0.wanted.contains { $0.overlaps(range) } })
            {
                engine.cache.publish(unit(span), number, [bytes])
                running.published = range.upperBound
            }
            state.change { $0.running[block] = running }
        }
        if let backlog { backlog.submit { self.add(learned) } } else { add(learned) }
        return place
    }

    private func add(_ learned: XZBlockPass.Learned) {
        let span = learned.span
        // One that a pass started from is known already. The index may take its time, as it saves now and then.
        let isNew = state.withLock { !$0.table.overlaps(span.range) }
        let level = index.compressionLevel
        guard isNew, index.add(span, detail: learned.detail.packed(level: level), zeroes: learned.zeroes)
        else { return }
        state.change { state in
            // Of windows that readers have, what is known is done with.
            state.wanted = state.wanted.compactMap { window in
                guard span.range.contains(window.lowerBound) else { return window }
                return window.upperBound > span.range.upperBound
                    ? span.range.upperBound..<window.upperBound : nil
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
