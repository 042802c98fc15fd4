import Synchronization

@testable import VitrineFormats

/// A seek index in memory that says what a test has it say.
final class FakeIndex: SeekIndex {
    struct Entry: Equatable {
        var span: SeekSpan
        var detail: [UInt8]
        var zeroes: [Range<UInt64>]

        /// What it is in every run: all but the time, and how its window is cut into runs, which depends on where the
        /// decoder's buffer was full.
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

    /// An index that knows `entries`, takes in what it `accepts`, and has `tamper` give details.
    init(
        _ entries: [Entry] = [], accepts: @escaping @Sendable (SeekSpan) -> Bool = { _ in true },
        tamper: @escaping @Sendable (Entry) throws(ImageError) -> [UInt8] = { $0.detail }
    ) {
        state = Mutex(State(entries: entries))
        self.accepts = accepts
        self.tamper = tamper
    }

    /// What it knows, in order.
    var entries: [Entry] { state.withLock { $0.entries } }
    /// How often it was dropped.
    var drops: Int { state.withLock { $0.drops } }
    /// How often it was given a span that overlaps another.
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
    /// These, with those that touch made one.
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
