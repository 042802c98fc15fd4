import Synchronization

/// A seek index that lasts as long as the process: for images that are to have no other.
package final class MemoryIndex: SeekIndex {
    private struct State {
        var details: [SeekSpan: [UInt8]] = [:]
        var held = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    package let compressionLevel: Int32 = 3

    /// An index that keeps details of up to `limit` bytes. What is added after that is forgotten at once, and such
    /// spans are decoded from the one before.
    package init(limit: Int) {
        self.limit = limit
    }

    package func knowledge() -> SeekKnowledge { SeekKnowledge() }

    package func detail(of span: SeekSpan) throws(ImageError) -> [UInt8] {
        guard let detail = state.withLock({ $0.details[span] }) else {
            throw ImageError(.io, "the detail of span \(span.range) is not kept")
        }
        return detail
    }

    package func add(_ span: SeekSpan, detail: [UInt8], zeroes: [Range<UInt64>]) -> Bool {
        state.withLock { state in
            guard state.held + detail.count <= limit else { return false }
            state.held += detail.count
            state.details[span] = detail
            return true
        }
    }

    package func remove(_ range: Range<UInt64>) {
        state.withLock { state in
            for (span, detail) in state.details where span.range.overlaps(range) {
                state.held -= detail.count
                state.details[span] = nil
            }
        }
    }

    package func drop() {
        state.withLock { $0 = State() }
    }
}
