// Decoding of known spans, and what follows if that fails.
extension SeekSpans {
    /// The block `number`, with what all its decoders share.
    func open(_ number: Int) throws(ImageError) -> SeekBlock {
        try scheme.open(number, memoryLimit: memoryLimit)
    }

    /// Calls `body` with a decoder of `span`, once there is memory for it.
    func withDecoder<Result>(
        of span: SeekSpan, _ body: (SpanDecoder) throws(ImageError) -> Result
    ) throws(ImageError) -> Result {
        let block = try block(of: span)
        // Before all pieces of the unit, as no parked decoder will do.
        let turn = engine.cache.begin(demand(block), unit(span.range.lowerBound), before: -1)
        defer { engine.cache.end(turn) }
        return try body(try decoder(of: span, in: block))
    }

    /// The memory that a decoder of a span in `block` takes.
    func demand(_ block: any SeekableBlock) -> DecodedCache.Demand {
        DecodedCache.Demand(decoder: block.decoderMemory, below: memoryBelow)
    }

    /// The block that `span` lies in.
    func block(of span: SeekSpan) throws(ImageError) -> any SeekableBlock {
        guard case .seekable(let block) = try open(scheme.block(at: span.range.lowerBound)) else {
            throw ImageError(
                .corrupt, "seek index: span \(span.range) is in a block that decodes from its start only")
        }
        return block
    }

    /// A decoder of `span` in `block`, for which the caller has memory.
    func decoder(of span: SeekSpan, in block: any SeekableBlock) throws(ImageError) -> SpanDecoder {
        try SpanDecoder(of: span, try detail(of: span), in: block, engine.cache)
    }

    /// The detail of `span`.
    ///
    /// Throws `corrupt` if the detail cannot be read, whatever the reason: the index is then useless. If the index
    /// merely keeps nothing of the span, only the span is useless, and is forgotten.
    func detail(of span: SeekSpan) throws(ImageError) -> SpanDetail {
        do throws(ImageError) {
            guard let packed = try index.detail(of: span) else {
                forget(span)
                throw ImageError(.corrupt, "nothing is kept of the span \(span.range)")
            }
            let detail = try SpanDetail(packed, pieces: span.pieces, limit: memoryLimit)
            let block = range(of: scheme.block(at: span.range.lowerBound))
            guard (span.range.lowerBound == block.lowerBound) == detail.state.isEmpty else {
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

    /// True if no reader waits for unknown data, and none has needed decoding for `time` nanoseconds.
    func isQuiet(for time: UInt64) -> Bool {
        let now = monotonicTime()
        return state.withLock { $0.awaited.isEmpty && now - min(now, $0.lastDemand) > time }
    }

    /// Notes that a reader needs something decoded now.
    func noteDemand() {
        state.withLock { $0.lastDemand = monotonicTime() }
    }

    /// Handles `error` from decoding `span`, which is of `generation`: drops the index if it may be wrong. Returns the
    /// error with its location.
    func note(_ error: ImageError, in span: SeekSpan, _ generation: Int) -> ImageError {
        let block = scheme.block(at: span.range.lowerBound)
        switch error.code {
        case .corrupt, .unsupported:
            // Either the index is wrong, or the image has changed since. A pass from the start will tell.
            drop(generation)
        case .io, .outOfRange, .limit, .refused:
            break
        }
        var error = error
        error.path = ["seek index: span at \(span.range.lowerBound)"] + error.path
        return placed(error, block)
    }

    /// Forgets all spans, as something in the index is wrong. Does nothing if another thread has done so since
    /// `generation`.
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

    /// Adds the block to the path of `error`.
    func placed(_ error: ImageError, _ block: Int) -> ImageError {
        var placed = error
        placed.path = [scheme.name] + [scheme.title(of: block)].compactMap(\.self) + error.path
        return placed
    }
}
