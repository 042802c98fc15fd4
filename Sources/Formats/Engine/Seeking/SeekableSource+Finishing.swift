import Synchronization

// What a random reader leaves of a span is decoded by a worker that has nothing else to do, if there is memory for it.
//
// Who reads the files of a directory jumps about, and comes back to most spans. Each time, decoding would begin at the start of
// the span, unless a decoder that stopped before the right place is still there; and meanwhile the other cores would be idle.
extension SeekableSource {
    /// Lets a worker decode the rest of `span`, of `generation`, when it has nothing else to do.
    func finishLater(_ span: SeekSpan, _ generation: Int) {
        let entry = UnfinishedSpans.Entry(span: span, generation: generation)
        guard hasRoomToFinish, unfinished.withLock({ $0.add(entry) }) else { return }
        submitFinishing()
    }

    /// True if what is decoded pushes nothing out of the cache.
    private var hasRoomToFinish: Bool { engine.cache.hasRoom(SeekSpan.pieceSize) }

    /// Queues a task for one span, so that the tasks end soon after the source has gone.
    private func submitFinishing() {
        let isQueued = engine.workers.submit(.ahead) { [weak self] in self?.finishNext() }
        if !isQueued { unfinished.withLock { $0.giveUp() } }
    }

    private func finishNext() {
        guard let entry = unfinished.withLock({ $0.next() }) else { return }
        // Errors are ignored: a read of the data reports them.
        let isInterrupted = (try? finish(entry.span, entry.generation)) ?? false
        if isInterrupted { unfinished.withLock { _ = $0.add(entry) } }
        submitFinishing()
    }

    /// Decodes the rest of `span`. Returns true if the worker is needed for something else before the end.
    private func finish(_ span: SeekSpan, _ generation: Int) throws(ImageError) -> Bool {
        let unit = spans.unit(span.range.lowerBound)
        // Without a decoder to go on with, all before it would be decoded again.
        guard engine.cache.parkedPiece(unit) != nil else { return false }
        var isInterrupted = false
        var block: (any SeekableBlock)?
        try engine.cache.decodeAhead(
            unit, span.pieces - 1,
            demand: { () throws(ImageError) in
                try demand(of: span, span.pieces - 1, generation, isSequential: false, &block)
            },
            decode: { turn throws(ImageError) in
                guard let decoder = turn.parked as? SpanDecoder else { return ([], nil) }
                do throws(ImageError) {
                    while !decoder.isFinished, hasRoomToFinish {
                        isInterrupted = engine.workers.isAnyMissing
                        if isInterrupted { break }
                        let number = decoder.nextPiece
                        let piece = try decoder.decodePiece()
                        // Zeroes are known to be zeroes, and no reader looks for them in the cache.
                        if !piece.isZeroes { publish(piece, number, of: span) }
                    }
                } catch {
                    throw spans.note(error, in: span, generation)
                }
                return ([], decoder.isFinished ? nil : decoder)
            })
        return isInterrupted
    }
}
