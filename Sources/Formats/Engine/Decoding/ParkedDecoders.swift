/// Decoders that stopped in the middle of a unit, for whoever reads on there.
///
/// Those that are dear to come by again take turns where there is no room for all: each stays for a time, as long as its reader
/// keeps coming, and the others wait. Giving one up for another at every read would have both decode everything again and again.
struct ParkedDecoders {
    private struct Place {
        var unit: DecodedCache.Unit
        var decoder: any DecodedCache.Parked
        var since: UInt64
    }

    /// Oldest first.
    private var list: [Place] = []

    /// The bytes they hold.
    private(set) var cost = 0

    /// A reader that has not come for so long, in nanoseconds, is not waited for.
    private static let patience: UInt64 = 300_000_000

    /// Adds one, in place of as many older ones that are cheap to come by again as `plan` has no room for.
    mutating func add(_ decoder: any DecodedCache.Parked, of unit: DecodedCache.Unit, _ plan: MemoryPlan) {
        list.append(Place(unit: unit, decoder: decoder, since: monotonicTime()))
        cost += decoder.cost
        guard !decoder.isDear else { return }
        var cheap = list.filter { !$0.decoder.isDear }
        // One is worth keeping whatever it takes: reading on from the start again is much worse.
        while cheap.count > 1, cheap.reduce(0, { $0 + $1.decoder.cost }) > plan.parked {
            let oldest = cheap.removeFirst().decoder
            remove { $0.decoder === oldest }
        }
    }

    /// Takes the decoder of `unit` from which `piece` is the nearest ahead.
    mutating func take(_ unit: DecodedCache.Unit, before piece: Int) -> (any DecodedCache.Parked)? {
        guard let best = best(unit, before: piece) else { return nil }
        remove { $0.decoder === best }
        return best
    }

    /// Whether there is one that `take` would give.
    func has(_ unit: DecodedCache.Unit, before piece: Int) -> Bool { best(unit, before: piece) != nil }

    /// The number of the piece before which the foremost decoder of `unit` stopped.
    func foremost(_ unit: DecodedCache.Unit) -> Int? {
        list.lazy.filter { $0.unit == unit }.map(\.decoder.nextPiece).max()
    }

    /// The bytes that those hold which must not be given up yet for another reader; without the one that `take` would give.
    func firmCost(but unit: DecodedCache.Unit, before piece: Int, _ plan: MemoryPlan) -> Int {
        let taken = best(unit, before: piece)
        let now = monotonicTime()
        return list.reduce(0) { sum, place in
            place.decoder !== taken && Self.isFirm(place, now, plan) ? sum + place.decoder.cost : sum
        }
    }

    /// Gives up one: the oldest that is not firm, if there is one; false where none is left.
    mutating func giveUpOne(_ plan: MemoryPlan) -> Bool {
        let now = monotonicTime()
        let place =
            list.first { !$0.decoder.isDear } ?? list.first { !Self.isFirm($0, now, plan) } ?? list.first
        guard let place else { return false }
        remove { $0.decoder === place.decoder }
        return true
    }

    mutating func removeAll(where matches: (DecodedCache.Unit) -> Bool) {
        remove { matches($0.unit) }
    }

    private static func isFirm(_ place: Place, _ now: UInt64, _ plan: MemoryPlan) -> Bool {
        place.decoder.isDear && now - place.since < patience
            && now - place.decoder.began < plan.turnTime(cost: place.decoder.cost)
    }

    private func best(_ unit: DecodedCache.Unit, before piece: Int) -> (any DecodedCache.Parked)? {
        list.lazy.filter { $0.unit == unit && $0.decoder.nextPiece <= piece }
            .max { $0.decoder.nextPiece < $1.decoder.nextPiece }?.decoder
    }

    private mutating func remove(where matches: (Place) -> Bool) {
        list.removeAll { place in
            guard matches(place) else { return false }
            cost -= place.decoder.cost
            return true
        }
    }
}
