/// Keeps decoders that stopped in the middle of a unit for the next reader there.
///
/// Decoders of passes and of sequential readers take turns if there is no room for all: each stays for a time, as long as
/// its reader keeps coming, and the others wait. Giving one up for another at every read would make both decode everything
/// again and again. The decoder of a reader that may turn out to be sequential stays until its next request is due.
struct ParkedDecoders {
    private struct Entry {
        var unit: DecodedCache.Unit
        var decoder: any DecodedCache.Parked
        var since: UInt64
    }

    /// The parked decoders, oldest first.
    private var list: [Entry] = []

    /// The bytes that the decoders hold.
    private(set) var cost = 0

    /// The time, in nanoseconds, after which a reader whose turn it is, and who has not come back, is not waited for any
    /// more.
    private static let patience: UInt64 = 300_000_000

    /// The time, in nanoseconds, in which a client sends its next request after a reply, even if the machine is busy.
    static let briefly: UInt64 = 10_000_000

    /// Adds a decoder. If it has no turn, gives up the oldest ones that must not stay until `plan` has room for the rest.
    mutating func add(_ decoder: any DecodedCache.Parked, of unit: DecodedCache.Unit, _ plan: MemoryPlan) {
        list.append(Entry(unit: unit, decoder: decoder, since: monotonicTime()))
        cost += decoder.cost
        guard decoder.stay != .turn else { return }
        let now = monotonicTime()
        var others = list.filter { $0.decoder.stay != .turn }
        // One is worth keeping whatever it takes, and two while their readers are due: decoding from the start again is
        // much worse.
        while others.count > (Self.isFirm(others[0], now, plan) ? 2 : 1),
            others.reduce(0, { $0 + $1.decoder.cost }) > plan.parked
        {
            let oldest = others.removeFirst().decoder
            remove { $0.decoder === oldest }
        }
    }

    /// Takes the decoder of `unit` that stopped nearest before `piece`.
    mutating func take(_ unit: DecodedCache.Unit, before piece: Int) -> (any DecodedCache.Parked)? {
        guard let best = best(unit, before: piece) else { return nil }
        remove { $0.decoder === best }
        return best
    }

    /// True if `take` would return a decoder.
    func has(_ unit: DecodedCache.Unit, before piece: Int) -> Bool { best(unit, before: piece) != nil }

    /// The number of the piece before which the foremost decoder of `unit` stopped. Nil if there is none.
    func foremost(_ unit: DecodedCache.Unit) -> Int? {
        list.lazy.filter { $0.unit == unit }.map(\.decoder.nextPiece).max()
    }

    /// The bytes of the decoders that must not be given up yet for another reader. The one that `take` would return is
    /// not counted.
    func firmCost(but unit: DecodedCache.Unit, before piece: Int, _ plan: MemoryPlan) -> Int {
        let taken = best(unit, before: piece)
        let now = monotonicTime()
        return list.reduce(0) { sum, entry in
            entry.decoder !== taken && Self.isFirm(entry, now, plan) ? sum + entry.decoder.cost : sum
        }
    }

    /// True if a decoder stays for a request that is due within `briefly`.
    var isAnyDue: Bool {
        let now = monotonicTime()
        return list.contains { $0.decoder.stay == .briefly && now - $0.since < Self.briefly }
    }

    /// Gives up one decoder: the oldest without a turn that is not firm, else the oldest that is not firm, else the oldest.
    /// Returns false if none is left.
    mutating func giveUpOne(_ plan: MemoryPlan) -> Bool {
        let now = monotonicTime()
        let loose = list.filter { !Self.isFirm($0, now, plan) }
        let entry = loose.first { $0.decoder.stay != .turn } ?? loose.first ?? list.first
        guard let entry else { return false }
        remove { $0.decoder === entry.decoder }
        return true
    }

    mutating func removeAll(where matches: (DecodedCache.Unit) -> Bool) {
        remove { matches($0.unit) }
    }

    private static func isFirm(_ entry: Entry, _ now: UInt64, _ plan: MemoryPlan) -> Bool {
        switch entry.decoder.stay {
        case .none: false
        case .briefly: now - entry.since < briefly
        case .turn:
            now - entry.since < patience
                && now - entry.decoder.began < plan.turnTime(cost: entry.decoder.cost)
        }
    }

    private func best(_ unit: DecodedCache.Unit, before piece: Int) -> (any DecodedCache.Parked)? {
        list.lazy.filter { $0.unit == unit && $0.decoder.nextPiece <= piece }
            .max { $0.decoder.nextPiece < $1.decoder.nextPiece }?.decoder
    }

    private mutating func remove(where matches: (Entry) -> Bool) {
        list.removeAll { entry in
            guard matches(entry) else { return false }
            cost -= entry.decoder.cost
            return true
        }
    }
}
