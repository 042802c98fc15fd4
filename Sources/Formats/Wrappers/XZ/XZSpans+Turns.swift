// Who runs the pass over a block, and what is wanted of it.
extension XZSpans.State {
    /// Makes the calling thread the one that runs the pass over `block`, as soon as it has memory for that; returns its ticket, or nil where
    /// another one is.
    ///
    /// A thread that decodes already does not wait for one that waits for memory, which it might have itself: it goes first.
    mutating func takePass(_ block: Int, at offset: UInt64) -> Int? {
        switch passes[block]?.phase {
        case .running: return nil
        case .waiting where Reservations.claim == nil: return nil
        case .waiting, .stopped, nil: break
        }
        tickets += 1
        var pass = passes[block] ?? XZSpans.PassState(phase: .stopped, spanStart: offset, published: 0)
        pass.phase = .waiting(ticket: tickets)
        passes[block] = pass
        return tickets
    }

    /// Whether the pass over `block` is still the one of `ticket`, which has memory now.
    mutating func startPass(_ block: Int, ticket: Int) -> Bool {
        guard passes[block]?.phase == .waiting(ticket: ticket) else { return false }
        passes[block]?.phase = .running(ticket: ticket)
        return true
    }

    /// Lets others run the pass over `block`, if it is the one of `ticket`.
    mutating func leavePass(_ block: Int, ticket: Int) {
        switch passes[block]?.phase {
        case .waiting(ticket), .running(ticket): passes[block]?.phase = .stopped
        default: break
        }
    }

    /// Notes that the pass over `block` has decoded a piece of the span that starts at `span`; what it has put into the cache of that ends
    /// at `published`, or where it did.
    mutating func notePiece(of span: UInt64, in block: Int, published: UInt64) {
        guard var pass = passes[block] else { return }
        if pass.spanStart != span { (pass.spanStart, pass.published) = (span, 0) }
        pass.published = max(pass.published, published)
        passes[block] = pass
    }

    /// Where in `range` readers wait for something, or are about to come.
    func isWanted(_ range: Range<UInt64>) -> (awaited: Bool, soon: Bool) {
        (awaited.contains { range.contains($0) }, wanted.contains { $0.overlaps(range) })
    }
}
