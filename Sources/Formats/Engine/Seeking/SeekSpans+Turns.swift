// The turns of threads to run passes over blocks, and the ranges that readers want.
extension SeekSpans.State {
    /// Gives the pass over `block` to the calling thread, which runs it as soon as it has memory. Returns the thread's
    /// ticket. Nil if another thread has the pass.
    ///
    /// A thread that `isDecoding` already goes before one that waits for memory, since it might hold that memory itself.
    mutating func takePass(_ block: Int, at offset: UInt64, isDecoding: Bool) -> Int? {
        switch passes[block]?.phase {
        case .running: return nil
        case .waiting where !isDecoding: return nil
        case .waiting, .stopped, nil: break
        }
        tickets += 1
        var pass = passes[block] ?? SeekSpans.PassState(phase: .stopped, spanStart: offset, published: 0)
        pass.phase = .waiting(ticket: tickets)
        passes[block] = pass
        return tickets
    }

    /// True if `ticket`, which has memory now, still has the pass over `block`. Marks the pass as running.
    mutating func startPass(_ block: Int, ticket: Int) -> Bool {
        guard passes[block]?.phase == .waiting(ticket: ticket) else { return false }
        passes[block]?.phase = .running(ticket: ticket)
        return true
    }

    /// Lets others run the pass over `block`, if `ticket` has it.
    mutating func leavePass(_ block: Int, ticket: Int) {
        switch passes[block]?.phase {
        case .waiting(ticket), .running(ticket): passes[block]?.phase = .stopped
        default: break
        }
    }

    /// Notes that the pass over `block` has decoded a piece of the span that starts at `span`. `published` is the end
    /// of what it has put into the cache of that span, unless an earlier end was larger.
    mutating func notePiece(of span: UInt64, in block: Int, published: UInt64) {
        guard var pass = passes[block] else { return }
        if pass.spanStart != span { (pass.spanStart, pass.published) = (span, 0) }
        pass.published = max(pass.published, published)
        passes[block] = pass
    }

    /// Tells if readers wait for something in `range`, and if they will come there soon.
    func isWanted(_ range: Range<UInt64>) -> (awaited: Bool, soon: Bool) {
        (awaited.contains { range.contains($0) }, wanted.contains { $0.overlaps(range) })
    }
}
