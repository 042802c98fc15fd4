import Synchronization

@testable import VitrineFormats

/// A seek index in memory that says whatever a test wants.
final class FakeIndex: SeekIndex {
    struct Entry: Equatable {
        var span: SeekSpan
        var detail: [UInt8]
        var zeroes: [Range<UInt64>]

        /// The part of the entry that is the same in every run: all but the time, and the runs of its window, which
        /// depend on where the decoder's buffer was full.
        var isAlike: Entry {
            var alike = self
            alike.span.time = 0
            if var detail = try? SpanDetail(detail, pieces: span.pieces, limit: .max) {
                detail.window = SparseWindow()
                alike.detail = detail.packed(level: 3)
            }
            return alike
        }
    }

    private struct State {
        var entries: [Entry] = []
        var drops = 0
        var overlaps = 0
    }

    private let state: Mutex<State>
    private let accepts: @Sendable (SeekSpan) -> Bool
    private let tamper: @Sendable (Entry) throws(ImageError) -> [UInt8]

    let compressionLevel: Int32 = 3

    /// Creates an index that knows `entries`, takes spans that it `accepts`, and returns the details that `tamper`
    /// makes.
    init(
        _ entries: [Entry] = [], accepts: @escaping @Sendable (SeekSpan) -> Bool = { _ in true },
        tamper: @escaping @Sendable (Entry) throws(ImageError) -> [UInt8] = { $0.detail }
    ) {
        state = Mutex(State(entries: entries))
        self.accepts = accepts
        self.tamper = tamper
    }

    /// The entries that it knows, in order.
    var entries: [Entry] { state.withLock { $0.entries } }
    /// The number of times it was dropped.
    var drops: Int { state.withLock { $0.drops } }
    /// The number of times it was given a span that overlaps another.
    var overlaps: Int { state.withLock { $0.overlaps } }

    func knowledge() -> SeekKnowledge {
        SeekKnowledge(spans: entries.map(\.span), zeroes: entries.flatMap(\.zeroes).joined())
    }

    func detail(of span: SeekSpan) throws(ImageError) -> [UInt8]? {
        guard let entry = entries.first(where: { $0.span == span }) else { return nil }
        // What it learns anew, after a drop, is right.
        return drops > 0 ? entry.detail : try tamper(entry)
    }

    func add(_ span: SeekSpan, detail: [UInt8], zeroes: [Range<UInt64>]) -> Bool {
        guard accepts(span) else { return false }
        state.withLock { state in
            if state.entries.contains(where: { $0.span.range.overlaps(span.range) }) { state.overlaps += 1 }
            state.entries.append(Entry(span: span, detail: detail, zeroes: zeroes))
            state.entries.sort { $0.span.range.lowerBound < $1.span.range.lowerBound }
        }
        return true
    }

    func remove(_ range: Range<UInt64>) {
        state.withLock { state in state.entries.removeAll { $0.span.range.overlaps(range) } }
    }

    func drop() {
        state.withLock { state in
            state.entries = []
            state.drops += 1
        }
    }
}

extension [Range<UInt64>] {
    /// Joins ranges that touch.
    fileprivate func joined() -> [Range<UInt64>] {
        reduce(into: []) { runs, run in
            if let last = runs.last, last.upperBound == run.lowerBound {
                runs[runs.count - 1] = last.lowerBound..<run.upperBound
            } else {
                runs.append(run)
            }
        }
    }
}
