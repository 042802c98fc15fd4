import DequeModule
import Synchronization

/// The tables of an image: L1, or parts of a large one, and as many L2 tables as fit in an eighth of the engine's
/// memory. If a disk has several such images, each has a share of that.
final class ClusterTables: Sendable {
    /// The result of looking up an offset of the disk.
    enum Lookup {
        /// No L2 table covers anything before this offset.
        case nothing(until: UInt64)
        case slice(L2Slice)
    }

    /// The key of a kept part: its level, as damaged L1 and L2 tables may overlap, and its offset in the file.
    private struct Part: Hashable {
        var isFirstLevel: Bool
        var offset: UInt64
    }

    private struct State {
        var parts: [Part: (words: [UInt64], isUsed: Bool)] = [:]
        /// The parts, in the order in which the hand of the clock passes them.
        var clock: Deque<Part> = []
        var held = 0
    }

    let layout: any ClusterLayout
    let geometry: ClusterGeometry
    private let file: any Source
    private let cache: DecodedCache
    private let budget: Int
    private let l1: FirstLevel
    private let state = Mutex(State())

    /// Creates the tables in `file` whose first level is `l1`. The disk has `shares` such images, which divide the
    /// memory.
    init(
        _ file: any Source, _ layout: any ClusterLayout, _ l1: FirstLevel, shares: Int = 1, _ engine: Engine
    ) {
        self.file = file
        self.layout = layout
        geometry = ClusterGeometry(layout)
        self.l1 = l1
        cache = engine.cache
        budget = engine.cache.plan.tables / shares
        cache.setAside(l1.memory)
    }

    deinit {
        cache.setAside(-l1.memory - state.withLock { $0.held })
    }

    /// Looks up `position`, which lies on the disk; an empty range is followed no further than `end`. Returns nil if a
    /// table has to be read first and `mayWait` is false.
    func lookUp(_ position: UInt64, before end: UInt64, mayWait: Bool) throws(ImageError) -> Lookup? {
        let number = Int(position >> geometry.coverageBits)
        guard let entries = try entries(around: number, mayWait) else { return nil }
        let entry = entries.words[number - entries.first]
        let table: UInt64
        do throws(ImageError) {
            guard let offset = try layout.table(entry) else {
                return .nothing(
                    until: UInt64(endOfNothing(after: number, entries, before: end, mayWait))
                        << geometry.coverageBits)
            }
            table = offset
        } catch {
            throw damaged(number, error.reason)
        }
        // Tables cover ranges that start at a multiple of a slice's coverage.
        let coverage = geometry.sliceCoverage
        let start = position & ~(coverage - 1)
        let inTable =
            ((start & (1 << geometry.coverageBits - 1)) >> geometry.clusterBits) << geometry.entryBits
        guard file.holds(1 << geometry.tableBits, at: table) else {
            throw damaged(
                number,
                "is \(hex(entry)): offset \(table) is a table of \(1 << geometry.tableBits) bytes that passes the end "
                    + "of the file at \(file.size)")
        }
        let part = Part(isFirstLevel: false, offset: table + inTable)
        guard let words = try words(of: part, count: 1 << Int(geometry.sliceBits), mayWait) else {
            return nil
        }
        return .slice(
            L2Slice(range: start..<start + coverage, offset: part.offset, words: words, geometry: geometry))
    }

    private func damaged(_ number: Int, _ reason: String) -> ImageError {
        let place = "\(layout.terms.l1) entry at \(l1.offset + UInt64(number * layout.word.size))"
        return ImageError(.corrupt, "\(place) \(reason)", path: [layout.formatName])
    }

    /// The usage of `disk`, whose tables these are. The look takes no longer than opening the disk may.
    func usage(of disk: ClusterDisk) -> ClusterUsage {
        ClusterUsage(opening: disk, l1: l1.head(of: file, layout.word), of: file)
    }

    /// What reading them may take.
    var cost: SourceCost { file.cost }

    // MARK: The first level

    /// Entries of the L1 table, with the number of the first.
    private typealias Entries = (first: Int, words: [UInt64])

    /// Entry `number` of the L1 table and others around it. Nil if they have to be read first and `mayWait` is false.
    private func entries(around number: Int, _ mayWait: Bool) throws(ImageError) -> Entries? {
        switch l1 {
        case .memory(let table): return (0, table.entries)
        case .file(let offset, let total):
            let most = Int(L2Slice.maximumSize) >> Int(geometry.word.bits)
            let first = number / most * most
            let part = Part(isFirstLevel: true, offset: offset + UInt64(first * geometry.word.size))
            let count = min(most, total - first) * geometry.word.size
            return try words(of: part, count: count, mayWait).map { (first, $0) }
        }
    }

    /// The number of the first L1 entry after `number` that names a table, or covers `end` or what follows it. Most of
    /// a disk may be empty, so all entries before it are skipped at once.
    ///
    /// `entries` holds entry `number`. Stops at the first entry that cannot be read, or not without waiting if
    /// `mayWait` is false.
    private func endOfNothing(after number: Int, _ entries: Entries, before end: UInt64, _ mayWait: Bool)
        -> Int
    {
        var next = number + 1
        var entries = entries
        while next < l1.count, UInt64(next) << geometry.coverageBits < end {
            if next - entries.first == entries.words.count {
                guard let more = try? self.entries(around: next, mayWait) else { break }
                entries = more
            }
            guard layout.isEmpty(entries.words[next - entries.first]) else { break }
            next += 1
        }
        return next
    }

    // MARK: Parts

    /// The words of the `count` bytes of `part`. Nil if they have to be read first and `mayWait` is false.
    private func words(of part: Part, count: Int, _ mayWait: Bool) throws(ImageError) -> [UInt64]? {
        let kept = state.withLock { state -> [UInt64]? in
            guard let index = state.parts.index(forKey: part) else { return nil }
            state.parts.values[index].isUsed = true
            return state.parts.values[index].words
        }
        if let kept { return kept }
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        guard try file.read(into: &span, at: part.offset, mayWait: mayWait) else { return nil }
        let words = geometry.word.words(bytes)
        keep(words, part)
        return words
    }

    /// Keeps `words`. If two threads have read the same part, the first one's words stay.
    private func keep(_ words: [UInt64], _ part: Part) {
        let size = words.count * 8
        let difference = state.withLock { state -> Int in
            guard state.parts[part] == nil else { return 0 }
            let before = state.held
            while state.held + size > budget, let oldest = state.clock.popFirst() {
                guard let index = state.parts.index(forKey: oldest) else { continue }
                if state.parts.values[index].isUsed {
                    state.parts.values[index].isUsed = false
                    state.clock.append(oldest)
                } else {
                    state.held -= state.parts.values[index].words.count * 8
                    state.parts.remove(at: index)
                }
            }
            state.parts[part] = (words, false)
            state.clock.append(part)
            state.held += size
            return state.held - before
        }
        if difference != 0 { cache.setAside(difference) }
    }
}
