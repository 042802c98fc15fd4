import DequeModule
import Synchronization

/// The tables of an image: L1, all of it, and of the L2 tables as many as fit in an eighth of the engine's memory, or in its share
/// of that where a disk has several such images.
final class ClusterTables: Sendable {
    /// What is known of a place on the disk.
    enum Place {
        /// No L2 table tells of anything before this offset.
        case nothing(until: UInt64)
        case slice(L2Slice)
    }

    private struct State {
        /// By where they start in the file.
        var slices: [UInt64: (slice: L2Slice, isUsed: Bool)] = [:]
        /// In the order in which the hand of the clock passes them.
        var clock: Deque<UInt64> = []
        var held = 0
    }

    let layout: any ClusterLayout
    private let file: any Source
    private let cache: DecodedCache
    private let budget: Int
    private let l1: L1Table
    private let state = Mutex(State())

    /// The tables in `file` of which `l1` is the first level; one of `shares` on the disk.
    init(
        _ file: any Source, _ layout: any ClusterLayout, _ l1: L1Table, shares: Int = 1, _ engine: Engine
    ) {
        self.file = file
        self.layout = layout
        self.l1 = l1
        cache = engine.cache
        budget = engine.memory / 8 / shares
        cache.setAside(l1.entries.count * 8)
    }

    deinit {
        cache.setAside(-l1.entries.count * 8 - state.withLock { $0.held })
    }

    /// What is known of `position`, which lies on the disk, with an interest in what lies before `end`; nil where
    /// that is to be read first and `mayWait` is false.
    func place(_ position: UInt64, before end: UInt64, mayWait: Bool) throws(ImageError) -> Place? {
        let number = Int(position >> layout.coverageBits)
        let entry = l1.entries[number]
        let table: UInt64
        do throws(ImageError) {
            guard let offset = try layout.table(entry) else {
                // Over all that follow: most of a disk may be nothing.
                var next = number + 1
                while next < l1.entries.count, UInt64(next) << layout.coverageBits < end,
                    layout.isEmpty(l1.entries[next])
                {
                    next += 1
                }
                return .nothing(until: UInt64(next) << layout.coverageBits)
            }
            table = offset
        } catch {
            throw damaged(number, error.reason)
        }
        // What a table tells of starts at a multiple of what a slice tells of.
        let sliceBits = min(layout.tableBits, UInt64(L2Slice.maximumSize.trailingZeroBitCount))
        let coverage: UInt64 = 1 << (sliceBits - layout.entryBits + layout.clusterBits)
        let start = position & ~(coverage - 1)
        let inTable = ((start & (1 << layout.coverageBits - 1)) >> layout.clusterBits) << layout.entryBits
        guard table <= file.size, 1 << layout.tableBits <= file.size - table else {
            throw damaged(
                number,
                "is \(hex(entry)): offset \(table) is a table of \(1 << layout.tableBits) bytes that passes the end "
                    + "of the file at \(file.size)")
        }
        if let slice = cached(table + inTable, start) { return .slice(slice) }
        guard let words = try read(table + inTable, count: 1 << Int(sliceBits), mayWait) else {
            return nil
        }
        let slice = L2Slice(range: start..<start + coverage, offset: table + inTable, words: words)
        keep(slice)
        return .slice(slice)
    }

    private func damaged(_ number: Int, _ reason: String) -> ImageError {
        let place = "\(layout.terms.l1) entry at \(l1.offset + UInt64(number * layout.word.size))"
        return ImageError(.corrupt, "\(place) \(reason)", path: [layout.formatName])
    }

    // MARK: Slices

    private func cached(_ offset: UInt64, _ start: UInt64) -> L2Slice? {
        state.withLock { state in
            guard let index = state.slices.index(forKey: offset) else { return nil }
            state.slices.values[index].isUsed = true
            let slice = state.slices.values[index].slice
            // Two L1 entries may name one table.
            return slice.range.lowerBound == start
                ? slice
                : L2Slice(
                    range: start..<start + (slice.range.upperBound - slice.range.lowerBound), offset: offset,
                    words: slice.words)
        }
    }

    /// The words of the `count` bytes at `offset`.
    private func read(_ offset: UInt64, count: Int, _ mayWait: Bool) throws(ImageError) -> [UInt64]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        guard try file.read(into: &span, at: offset, mayWait: mayWait) else { return nil }
        return layout.word.words(bytes)
    }

    /// Keeps `slice`. Where two threads have read the same one, either stays.
    private func keep(_ slice: L2Slice) {
        let size = slice.words.count * 8
        let difference = state.withLock { state -> Int in
            guard state.slices[slice.offset] == nil else { return 0 }
            let before = state.held
            while state.held + size > budget, let offset = state.clock.popFirst() {
                guard let index = state.slices.index(forKey: offset) else { continue }
                if state.slices.values[index].isUsed {
                    state.slices.values[index].isUsed = false
                    state.clock.append(offset)
                } else {
                    state.held -= state.slices.values[index].slice.words.count * 8
                    state.slices.remove(at: index)
                }
            }
            state.slices[slice.offset] = (slice, false)
            state.clock.append(slice.offset)
            state.held += size
            return state.held - before
        }
        if difference != 0 { cache.setAside(difference) }
    }
}
