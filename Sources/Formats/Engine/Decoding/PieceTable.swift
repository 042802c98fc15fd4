import DequeModule

/// Decoded pieces, and the order in which they go if room is short.
///
/// A piece that was decoded ahead of its reader stays until it is read to its end: decoding it again would cost more
/// than any other. The others go by the clock algorithm: each stays for a number of rounds of the hand, more if it is
/// read again and again, or is dear to decode again. Pieces that are read sequentially go first: a copying client reads
/// everything once.
struct PieceTable {
    struct Key: Hashable {
        var unit: DecodedCache.Unit
        var piece: Int
    }

    /// The reason for keeping a piece.
    enum Purpose {
        /// A reader that will come to it, or is in the middle of it and has taken `taken` bytes.
        case ahead(taken: Int)
        /// Any reader that wants it again. The clock's hand passes it `rounds` times.
        case again(rounds: Int)
    }

    private struct Entry {
        var content: CachedPiece
        /// The number of bytes that readers have not come to yet. 0 if the piece is not ahead of any reader.
        var unread: Int
        var rounds: Int
        /// The number of reads since the clock's hand last passed, counted up to 2.
        var reads = 0
        /// The time when a piece that is ahead came, in nanoseconds of the monotonic clock.
        var since: UInt64 = 0

        var isAhead: Bool { unread > 0 }
    }

    private var entries: [Key: Entry] = [:]
    /// The keys in the order in which the hand of the clock passes them. Some pieces may have gone, or be ahead again.
    private var clock: Deque<Key> = []
    /// The keys of pieces that are ahead, in the order in which they came. Some may have gone, or have been read.
    private var queue: Deque<Key> = []

    /// The bytes of all pieces.
    private(set) var held = 0
    /// The bytes of the pieces that are ahead of their readers.
    private(set) var ahead = 0
    private var aheadCount = 0
    /// The time when a piece that is ahead last came or was read, in nanoseconds of the monotonic clock.
    private(set) var lastProgress: UInt64 = 0

    /// The rounds of a piece that is read again and again.
    static let roundsUsed = 4

    func contains(_ key: Key) -> Bool { entries[key] != nil }

    /// True if the piece is here and not compressed.
    func hasPlain(_ key: Key) -> Bool {
        if case .plain = entries[key]?.content { true } else { false }
    }

    /// The piece `key`, for a reader that takes `count` bytes of it; `isUsed` is true if it is read again and again.
    /// Nil if the piece is not here.
    mutating func use(_ key: Key, taking count: Int) -> (content: CachedPiece, isUsed: Bool)? {
        guard let index = entries.index(forKey: key) else { return nil }
        let entry = entries.values[index]
        if entry.isAhead {
            lastProgress = monotonicTime()
            // Readers need not come in order: only the number of bytes they have taken counts.
            if entry.unread <= count { demote(index) } else { entries.values[index].unread -= count }
            return (entry.content, false)
        }
        entries.values[index].reads = min(2, entries.values[index].reads + 1)
        let isUsed = entries.values[index].reads > 1
        if isUsed { entries.values[index].rounds = max(entries.values[index].rounds, Self.roundsUsed) }
        return (entries.values[index].content, isUsed)
    }

    /// Adds `content`, in place of the piece's old content if there is any.
    mutating func insert(_ key: Key, _ content: CachedPiece, for purpose: Purpose) {
        var entry = Entry(content: content, unread: 0, rounds: 0)
        switch purpose {
        case .ahead(let taken): entry.unread = max(0, content.held - taken)
        case .again(let rounds): entry.rounds = rounds
        }
        let old = entries.updateValue(entry, forKey: key)
        if let old { forget(old) }
        held += content.held
        if entry.isAhead {
            ahead += content.held
            aheadCount += 1
            lastProgress = monotonicTime()
            entries[key]?.since = lastProgress
            queue.append(key)
        } else if old == nil || old?.isAhead == true {
            clock.append(key)
        }
    }

    /// The time, in nanoseconds, after which nobody is expected to read a piece that was decoded ahead.
    private static let patience: UInt64 = 30_000_000_000

    /// Discards pieces until they hold at most `room` bytes. `take` gets the bytes of those that were not compressed.
    mutating func evict(to room: Int, _ take: ([UInt8]) -> Void) {
        guard held > room else { return }
        let now = monotonicTime()
        while let key = queue.first, let index = entries.index(forKey: key), entries.values[index].isAhead,
            now - entries.values[index].since > Self.patience
        {
            queue.removeFirst()
            demote(index)
        }
        while held > room, let (key, isAhead) = next(), let index = entries.index(forKey: key) {
            let entry = entries.values[index]
            if !isAhead, entry.rounds > 0 {
                entries.values[index].rounds -= 1
                entries.values[index].reads = 0
                clock.append(key)
            } else {
                entries.remove(at: index)
                forget(entry)
                if case .plain(let bytes) = entry.content { take(bytes) }
            }
        }
    }

    /// Gives up `count` bytes of pieces that are ahead of readers that do not come for them: those that came first.
    mutating func giveUpAhead(_ count: Int) {
        let least = ahead - count
        while ahead > least, ahead > 0, let key = queue.popFirst() {
            if let index = entries.index(forKey: key), entries.values[index].isAhead { demote(index) }
        }
    }

    mutating func removeAll(where matches: (DecodedCache.Unit) -> Bool) {
        for (key, entry) in entries where matches(key.unit) {
            forget(entry)
            entries[key] = nil
        }
        clock.removeAll { matches($0.unit) }
        queue.removeAll { matches($0.unit) }
    }

    /// The next piece to discard: by the clock, and one that is ahead only if nothing else is left.
    private mutating func next() -> (Key, isAhead: Bool)? {
        while let key = clock.popFirst() {
            if entries[key]?.isAhead == false { return (key, false) }
        }
        while let key = queue.popFirst() {
            if entries[key]?.isAhead == true { return (key, true) }
        }
        return nil
    }

    /// Makes a piece that is ahead one that was read: the hand of the clock takes it when it comes.
    private mutating func demote(_ index: Dictionary<Key, Entry>.Index) {
        let key = entries.keys[index]
        ahead -= entries.values[index].content.held
        aheadCount -= 1
        entries.values[index].unread = 0
        clock.append(key)
        // Keys of pieces that were read stay in the queue until they outnumber the pieces that are ahead by more than
        // 64.
        if queue.count > 2 * aheadCount + 64 { queue.removeAll { entries[$0]?.isAhead != true } }
    }

    private mutating func forget(_ entry: Entry) {
        held -= entry.content.held
        guard entry.isAhead else { return }
        ahead -= entry.content.held
        aheadCount -= 1
    }
}
