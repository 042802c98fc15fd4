import Synchronization

/// A seek index that lasts as long as the process, for images that have no other.
package final class MemoryIndex: SeekIndex {
    private struct State {
        var details: [SeekSpan: [UInt8]] = [:]
        var held = 0
    }

    private let limit: Int
    /// The cache whose budget the details count against.
    private let cache: DecodedCache
    private let state = Mutex(State())

    package let compressionLevel: Int32 = 3

    /// Creates an index that keeps as many details as the plan of `cache` says, whose budget they count against. Details
    /// added after that are not kept, and their spans are decoded from the one before.
    package init(in cache: DecodedCache) {
        limit = cache.plan.details
        self.cache = cache
    }

    deinit {
        drop()
    }

    package func knowledge() -> SeekKnowledge { SeekKnowledge() }

    package func detail(of span: SeekSpan) -> [UInt8]? { state.withLock { $0.details[span] } }

    package func add(_ span: SeekSpan, detail: [UInt8], zeroes: [Range<UInt64>]) -> Bool {
        let growth = state.withLock { state -> Int? in
            // The detail may be here already, if its span was forgotten and found again.
            let growth = detail.count - (state.details[span]?.count ?? 0)
            guard state.held + growth <= limit else { return nil }
            state.held += growth
            state.details[span] = detail
            return growth
        }
        guard let growth else { return false }
        cache.setAside(growth)
        return true
    }

    package func remove(_ range: Range<UInt64>) {
        let gone = state.withLock { state in
            let before = state.held
            for (span, detail) in state.details where span.range.overlaps(range) {
                state.held -= detail.count
                state.details[span] = nil
            }
            return before - state.held
        }
        cache.setAside(-gone)
    }

    package func drop() {
        let gone = state.withLock { state in
            defer { state = State() }
            return state.held
        }
        cache.setAside(-gone)
    }
}
