// Passes that decode a block and record its spans. One pass at a time runs over a block.
extension SeekSpans {
    /// The result of `learnSome`.
    enum Progress {
        case learned
        /// Other threads are working on all that is left.
        case othersAtWork
        /// Nothing is left, or the index takes no more.
        case done
    }

    /// Learns the next unknown part: a small block, or a span of a larger one.
    ///
    /// With a `backlog`, learns all spans of the larger block until `isStopped`. Compressing them is left to the
    /// backlog.
    func learnSome(
        _ backlog: Backlog? = nil, isStopped: @escaping () -> Bool = { true }
    ) throws(ImageError) -> Progress {
        // Waits before a pass takes memory.
        index.waitForRoom()
        var othersAtWork = false
        let isDecoding = Reservations.claim != nil
        let gap = state.withLock { state -> (block: Int, offset: UInt64, ticket: Int)? in
            for block in state.firstUnknown..<scheme.blockCount {
                let offset = state.table.firstGap(in: range(of: block))
                let isDone = offset == nil || state.damages[block] != nil || state.sequential.contains(block)
                if isDone && block == state.firstUnknown { state.firstUnknown += 1 }
                guard !isDone, let offset else { continue }
                if let ticket = state.takePass(block, at: offset, isDecoding: isDecoding) {
                    return (block, offset, ticket)
                }
                othersAtWork = true
            }
            return nil
        }
        guard let gap else { return othersAtWork ? .othersAtWork : .done }
        let outcome = try runPass(
            over: gap.block, gap.ticket, until: gap.offset, keepingPieces: nil, backlog,
            while: backlog == nil ? nil : { !isStopped() })
        if case .notRun = outcome { return .othersAtWork }
        let isLearned = state.withLock { state in
            state.sequential.contains(gap.block) || state.table.span(at: gap.offset) != nil
        }
        return isLearned ? .learned : .done
    }

    /// The progress of indexing the file.
    var indexState: IndexState {
        state.withLock { state in
            IndexState(
                indexed: state.table.indexed, size: size, spans: state.table.spans.count,
                worstSpan: state.table.worstTime,
                zeroes: max(state.table.zeroBytes, state.table.claimedBytes),
                worstBlock: worstBlock, usualSpan: scheme.cost.span / 1000,
                seeksByBlockOnly: !state.sequential.isEmpty || scheme.startsWithSequentialBlock,
                isComplete: state.table.indexed + state.sequentialBytes == size)
        }
    }

    /// All known spans.
    var all: [SeekSpan] { state.withLock { $0.table.spans } }

    /// Runs a pass over `block` until `offset` is known, one way or the other, or over all of a small block. With
    /// `goesOn`, runs it on while that returns true. The caller has the `ticket`.
    ///
    /// `keepingPieces` is the number of bytes that a reader takes from `offset` on, or nil if no reader waits. For a
    /// reader, returns the piece at `offset` if the pass decodes it. A `backlog`, if there is one, adds the spans.
    func runPass(
        over block: Int, _ ticket: Int, until offset: UInt64, keepingPieces: UInt64?,
        _ backlog: Backlog? = nil, while goesOn: (() -> Bool)? = nil
    ) throws(ImageError) -> PassOutcome {
        defer {
            // Drained first, or other threads would take spans that are not added yet for unknown.
            backlog?.drain()
            state.change { $0.leavePass(block, ticket: ticket) }
        }
        while true {
            var attempt = Attempt(damageStart: range(of: block).lowerBound, generation: generation)
            do throws(ImageError) {
                return try runPass(
                    over: block, ticket, until: offset, keepingPieces: keepingPieces, backlog, while: goesOn,
                    &attempt)
            } catch {
                guard attempt.reliesOnIndex, error.code == .corrupt || error.code == .unsupported else {
                    throw note(error, in: block, from: attempt.damageStart)
                }
                // The index may be wrong, or the data: a pass from the start of the block tells.
                attempt.isProven ? forget(block) : drop(attempt.generation)
                // The next attempt waits for memory anew.
                state.withLock { state in
                    if state.passes[block]?.phase == .running(ticket: ticket) {
                        state.passes[block]?.phase = .waiting(ticket: ticket)
                    }
                }
            }
        }
    }

    /// The result of a pass.
    enum PassOutcome {
        /// The pass ran, and found this.
        case ran(Lookup?)
        /// Another thread went first, or there is no memory for the pass now.
        case notRun
    }

    /// The progress of a pass.
    private struct Attempt {
        /// The start of what may be damaged if the pass fails.
        var damageStart: UInt64
        /// The generation of the spans that it starts from.
        var generation: Int
        var reliesOnIndex = false
        var isProven = false
    }

    private func runPass(
        over block: Int, _ ticket: Int, until offset: UInt64, keepingPieces: UInt64?, _ backlog: Backlog?,
        while goesOn: (() -> Bool)?, _ attempt: inout Attempt
    ) throws(ImageError) -> PassOutcome {
        guard case .seekable(let opened) = try open(block) else {
            noteSequential(block)
            return .ran(nil)
        }
        let start = range(of: block).lowerBound
        let before = state.withLock { state in
            state.table.lastSpan(before: offset, from: start, reach: opened.windowSize)
        }
        let demand = DecodedCache.Demand(
            decoder: opened.passMemory,
            // A pass that starts from a span has one more decoder below it: the one that fills its window.
            below: (before == nil ? 0 : opened.decoderMemory) + memoryBelow,
            ahead: keepingPieces == nil ? 0 : Int(clamping: ahead(of: offset, in: block)))
        // A pass that indexes beside readers waits for none of them.
        let turn =
            keepingPieces != nil || goesOn != nil
            ? engine.cache.begin(demand, passUnit(block), before: Int(offset))
            : engine.cache.beginAhead(demand, passUnit(block), before: Int(offset))
        guard let turn else { return .notRun }
        var rest: SeekPass?
        defer { engine.cache.end(turn, parking: rest) }
        let parked = turn.parked as? SeekPass
        guard state.withLock({ $0.startPass(block, ticket: ticket) }) else {
            rest = parked
            return .notRun
        }
        let pass: SeekPass
        if let parked, parked.covers(offset) {
            attempt.reliesOnIndex = parked.startsFromIndex
            pass = parked
        } else {
            pass = try newPass(over: opened, block, at: offset, after: before, &attempt)
        }
        let found = try run(
            pass, over: block, Target(offset: offset, taken: keepingPieces), turn, backlog, goesOn, &attempt)
        if !pass.isFinished { rest = pass }
        return .ran(found)
    }

    /// The target of a pass.
    private struct Target {
        var offset: UInt64
        /// The number of bytes that the waiting reader takes from there on. Nil if the offset only has to become known.
        var taken: UInt64?

        var keepsPieces: Bool { taken != nil }

        /// The number of bytes of `piece` that this reader takes.
        func taken(of piece: Range<UInt64>) -> Int {
            piece.contains(offset) ? Int(clamping: min(taken ?? 0, piece.upperBound - offset)) : 0
        }
    }

    /// The number of bytes of `block` that will be decoded for a reader who wants `offset`: all of a block that is
    /// decoded whole, otherwise those that readers are known to want.
    private func ahead(of offset: UInt64, in block: Int) -> UInt64 {
        let range = range(of: block)
        guard !isDecodedWhole(block) else { return range.upperBound - range.lowerBound }
        let end = state.withLock { state in
            state.wanted.lazy.filter { $0.contains(offset) }.map(\.upperBound).max() ?? offset
        }
        return min(end, range.upperBound) - offset
    }

    private func run(
        _ pass: SeekPass, over block: Int, _ target: Target, _ turn: DecodedCache.Turn,
        _ backlog: Backlog?,
        _ goesOn: (() -> Bool)?, _ attempt: inout Attempt
    ) throws(ImageError) -> Lookup? {
        let range = range(of: block)
        engine.cache.countDecode()
        if isDecodedWhole(block) && pass.position == range.lowerBound {
            return try learnWhole(block, pass, target, turn)
        }
        var found: Lookup?
        while !pass.isFinished {
            attempt.damageStart = pass.position
            attempt.isProven = pass.isProven
            // An error found at the end of a block affects all of it.
            defer { if pass.position == range.upperBound { attempt.damageStart = range.lowerBound } }
            let step = try learnNext(block, pass, target, turn, backlog)
            found = step.found ?? found
            if target.keepsPieces {
                // Decodes what readers come to next while it can be kept. A reader whose piece has gone waits for the
                // span.
                let isPast = pass.position > target.offset
                if isPast, step.endsSpan || found != nil && !isWorthDecoding(pass.position, turn) { break }
            } else if step.endsSpan, pass.position > target.offset || goesOn?() == false {
                // Goes beyond the target only while the index has room. Otherwise, the pass is parked until the index
                // has saved.
                guard let goesOn, goesOn(), index.hasRoom else { break }
            }
        }
        return found
    }

    /// True if readers wait for the piece at `offset`, or will come to it soon and there is room to keep it until then.
    private func isWorthDecoding(_ offset: UInt64, _ turn: DecodedCache.Turn) -> Bool {
        let piece = offset..<offset + UInt64(SeekSpan.pieceSize)
        let wanted = state.withLock { $0.isWanted(piece) }
        return wanted.awaited || wanted.soon && engine.cache.hasRoomAhead(turn, SeekSpan.pieceSize)
    }

    /// Forgets the spans of `block`, as the index of it may be wrong.
    private func forget(_ block: Int) {
        let range = range(of: block)
        index.remove(range)
        state.change { state in
            state.generation += 1
            state.table.remove(range)
            state.firstUnknown = min(state.firstUnknown, block)
            state.passes[block]?.published = 0
        }
        engine.cache.remove(owner: owner)
        engine.cache.remove(passUnit(block))
    }

    /// Remembers that `block` decodes from its start only.
    private func noteSequential(_ block: Int) {
        let range = range(of: block)
        state.change { state in
            guard state.sequential.insert(block).inserted else { return }
            state.sequentialBytes += range.upperBound - range.lowerBound
        }
    }

    /// Creates a pass over `block`, block `number`, that will come to `offset`. It starts from the span `before`, if
    /// there is one.
    private func newPass(
        over block: any SeekableBlock, _ number: Int, at offset: UInt64, after before: SeekSpan?,
        _ attempt: inout Attempt
    ) throws(ImageError) -> SeekPass {
        let range = range(of: number)
        let after = state.withLock { $0.table.neighbours(of: offset).after }
        var known: SeekPass.Start?
        if let before {
            do throws(ImageError) {
                known = SeekPass.Start(span: before, detail: try detail(of: before)) {
                    window throws(ImageError) in
                    try self.fillWindow(&window, before: before.range.lowerBound)
                }
            } catch {
                // The pass starts from the start of the block instead.
                if error.code == .corrupt { drop(attempt.generation) }
            }
        }
        let end = min(after?.range.lowerBound ?? range.upperBound, range.upperBound)
        let boundaries = state.withLock { state in
            state.table.starts(in: (known?.span.range.upperBound ?? range.lowerBound)..<end)
        }
        attempt.reliesOnIndex = known != nil
        return try SeekPass(
            over: block, within: SeekPass.Bounds(range: range, input: scheme.input(of: number)), from: known,
            to: end,
            boundaries: boundaries, scheme.cost, engine.cache)
    }

    private func learnWhole(
        _ block: Int, _ pass: SeekPass, _ target: Target, _ turn: DecodedCache.Turn
    ) throws(ImageError) -> Lookup? {
        var pieces: [(span: UInt64, number: Int, bytes: [UInt8])] = []
        var found: Lookup?
        var learned: [SeekPass.Learned] = []
        while !pass.isFinished {
            let span = try pass.next { span, number, piece in
                guard target.keepsPieces else { return }
                let start = span + UInt64(number) * UInt64(SeekSpan.pieceSize)
                // Zeroes are returned too, as the index may have no room to record them.
                if start <= target.offset, target.offset - start < UInt64(piece.count) {
                    found = .piece(start: start, piece.content)
                }
                if case .bytes(let bytes) = piece { pieces.append((span, number, bytes)) }
            }
            if let span { learned.append(span) }
        }
        // The cache comes first: a reader that finds a span known, but not cached, would decode it.
        for (span, number, bytes) in pieces {
            let start = span + UInt64(number) * UInt64(SeekSpan.pieceSize)
            let taken = target.taken(of: start..<start + UInt64(bytes.count))
            engine.cache.publish(turn, of: unit(span), number, bytes, for: .ahead(taken: taken))
        }
        for learned in learned where !isKnown(learned.span) { add(learned) }
        return found
    }

    /// Decodes the next piece. If a span ends with it, learns the span.
    private func learnNext(
        _ block: Int, _ pass: SeekPass, _ target: Target, _ turn: DecodedCache.Turn, _ backlog: Backlog?
    ) throws(ImageError) -> (found: Lookup?, endsSpan: Bool) {
        var found: Lookup?
        let learned = try pass.next { span, number, piece in
            let start = span + UInt64(number) * UInt64(SeekSpan.pieceSize)
            let range = start..<start + UInt64(piece.count)
            if target.keepsPieces, range.contains(target.offset) {
                found = .piece(start: start, piece.content)
            }
            var published: UInt64 = 0
            // Zeroes would only push out pieces worth keeping. A reader that wants them waits until the span is known.
            if case .bytes(let bytes) = piece {
                let wanted = state.withLock { $0.isWanted(range) }
                if wanted.awaited || wanted.soon,
                    engine.cache.publish(
                        turn, of: unit(span), number, bytes, for: .ahead(taken: target.taken(of: range)),
                        onlyIfRoom: !wanted.awaited)
                {
                    published = range.upperBound
                }
            }
            state.change { $0.notePiece(of: span, in: block, published: published) }
        }
        // The span that a pass started from is known already: it is not learned again, and there is no progress to
        // tell.
        if let learned, !isKnown(learned.span) {
            if let backlog { backlog.submit { self.add(learned) } } else { add(learned) }
        }
        return (found, learned != nil)
    }

    private func isKnown(_ span: SeekSpan) -> Bool { state.withLock { $0.table.overlaps(span.range) } }

    private func add(_ learned: SeekPass.Learned) {
        let span = learned.span
        // Adding may take a while, as the index saves now and then.
        guard index.add(learned) else { return }
        state.change { state in
            // The known part of a reader's window is not wanted any more.
            state.wanted = state.wanted.compactMap { window in
                guard span.range.contains(window.lowerBound) else { return window }
                return window.upperBound > span.range.upperBound
                    ? span.range.upperBound..<window.upperBound : nil
            }
            _ = state.table.add(span, zeroes: learned.zeroes)
        }
    }

    /// Remembers `error`, unless another attempt may end differently. Returns it with the block added to its path.
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
                // Data of the block that was returned already cannot be taken back, but no more of it will be returned.
                if offset == range.lowerBound { state.table.remove(range) }
            }
            if offset == range.lowerBound { index.remove(range) }
        }
        return placed
    }
}
