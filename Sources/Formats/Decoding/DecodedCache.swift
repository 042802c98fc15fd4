import DequeModule

/// What has been decoded lately: one for the whole process, bounded in bytes.
///
/// Decoded data is kept in pieces. A *unit* is what decodes on its own (an xz
/// block, a cluster, a grain) and holds one piece or many. However many readers
/// want a unit, one of them decodes it (*single-flight*), and the others wait for
/// the pieces as they come.
///
/// A decoder that stopped in the middle of a unit can be parked here too, for
/// whoever reads on: it counts against the same budget, and gives way like a piece.
package final class DecodedCache: Sendable {
    /// Something that decodes on its own, such as one block of one xz file.
    package struct Unit: Hashable, Sendable {
        /// From `newOwner()`: whose unit it is.
        package var owner: Int
        /// Which of the owner's units.
        package var number: Int

        package init(owner: Int, number: Int) {
            self.owner = owner
            self.number = number
        }
    }

    /// A decoder that can go on from where it stopped.
    package protocol Parked: AnyObject, Sendable {
        /// The number of the piece it decodes next.
        var nextPiece: Int { get }
        /// The bytes of memory it holds.
        var cost: Int { get }
    }

    /// Publishes pieces of the unit being decoded: `bytes[0]` is piece `first`, and so on.
    package typealias Publish = (_ first: Int, _ bytes: [[UInt8]]) -> Void

    fileprivate struct Key: Hashable {
        var unit: Unit
        var piece: Int
    }

    fileprivate enum Slot {
        case piece(Key)
        case parked(Unit, ObjectIdentifier)
    }

    fileprivate struct Entry {
        var bytes: [UInt8]
        /// How often it was read since the clock's hand last passed; no more than 2 are counted.
        var reads = 0
    }

    /// One decode under way. Touched only under the monitor's lock.
    fileprivate final class Flight {
        var failure: ImageError?
    }

    fileprivate struct State {
        var pieces: [Key: Entry] = [:]
        var parked: [Unit: [any Parked]] = [:]
        /// Every piece and parked decoder, in the order the hand of the clock passes them.
        var clock: Deque<Slot> = []
        var flights: [Unit: Flight] = [:]
        var held = 0
        var reserved = 0
        var owners = 0
        var decodes = 0
    }

    /// The most that pieces, parked decoders and decoders at work may hold together, in bytes.
    package let budget: Int

    private let workers: Workers
    private let state = Monitor(State())

    /// A cache of `budget` bytes, whose waiting readers step aside in `workers`.
    package init(budget: Int, workers: Workers) {
        self.budget = budget
        self.workers = workers
    }

    /// A number no other owner of units has.
    package func newOwner() -> Int {
        state.withLock { state in
            state.owners += 1
            return state.owners
        }
    }

    /// How often something was decoded since the start.
    package var decodes: Int { state.withLock { $0.decodes } }

    /// Counts one that did not come about by `piece`.
    package func countDecode() {
        state.withLock { $0.decodes += 1 }
    }

    /// The bytes held by pieces and parked decoders.
    package var held: Int { state.withLock { $0.held } }

    /// The piece, if it is here.
    package func cached(_ unit: Unit, piece: Int) -> [UInt8]? {
        state.withLock { $0.use(Key(unit: unit, piece: piece)) }
    }

    /// Whether the piece is here, or its unit is being decoded.
    package func isUnderWay(_ unit: Unit, piece: Int) -> Bool {
        state.withLock { $0.flights[unit] != nil || $0.pieces[Key(unit: unit, piece: piece)] != nil }
    }

    /// The piece: from the cache, from the decode that is under way, or decoded by `decode`.
    ///
    /// `decode` returns the piece, and publishes it and every other piece it comes by. What it
    /// throws, those who waited for it are thrown too; the next reader tries anew.
    package func piece(
        _ unit: Unit, _ piece: Int, decode: (Publish) throws(ImageError) -> [UInt8]
    ) throws(ImageError) -> [UInt8] {
        enum Outcome {
            case found([UInt8])
            case failed(ImageError)
            case ours(Flight)
        }
        let key = Key(unit: unit, piece: piece)
        var awaited: Flight?
        func look(_ state: inout State) -> Outcome? {
            if let bytes = state.use(key) { return .found(bytes) }
            if let failure = awaited?.failure { return .failed(failure) }
            if let flight = state.flights[unit] {
                awaited = flight
                return nil
            }
            let flight = Flight()
            state.flights[unit] = flight
            state.decodes += 1
            return .ours(flight)
        }
        let outcome = state.withLock(look) ?? workers.whileBlocked { state.wait(until: look) }
        switch outcome {
        case .found(let bytes): return bytes
        case .failed(let error): throw error
        case .ours(let flight): return try fly(flight, unit, decode)
        }
    }

    /// Takes in pieces that were decoded without anyone asking here.
    package func publish(_ unit: Unit, _ first: Int, _ pieces: [[UInt8]]) {
        state.change { $0.insert(unit, first, pieces, budget) }
    }

    private func fly(
        _ flight: Flight, _ unit: Unit, _ decode: (Publish) throws(ImageError) -> [UInt8]
    ) throws(ImageError) -> [UInt8] {
        do throws(ImageError) {
            let bytes = try decode { first, pieces in
                state.change { $0.insert(unit, first, pieces, budget) }
            }
            state.change { $0.flights[unit] = nil }
            return bytes
        } catch {
            state.change { state in
                flight.failure = error
                state.flights[unit] = nil
            }
            throw error
        }
    }

    /// Forgets every piece and parked decoder of `unit`.
    package func remove(_ unit: Unit) {
        state.change { state in
            state.removeAll { slot in
                switch slot {
                case .piece(let key): key.unit == unit
                case .parked(let owner, _): owner == unit
                }
            }
        }
    }

    /// Forgets everything of `owner`.
    package func remove(owner: Int) {
        state.change { state in
            state.removeAll { slot in
                switch slot {
                case .piece(let key): key.unit.owner == owner
                case .parked(let unit, _): unit.owner == owner
                }
            }
        }
    }

    /// Makes room for a decoder at work that holds `cost` bytes; `release` gives it back, on the same thread.
    ///
    /// Waits while others at work leave no room for it. A thread that has room already, such as that of a decoder that
    /// reads through another, never waits: those others might wait for it.
    package func reserve(_ cost: Int) {
        let mayWait = Reservations.begin() == 0
        func look(_ state: inout State) -> Void? {
            guard !mayWait || state.reserved == 0 || state.reserved + cost <= budget / 8 * 7 else {
                return nil
            }
            state.reserved += cost
            state.evict(budget)
            return ()
        }
        state.withLock(look) ?? workers.whileBlocked { state.wait(until: look) }
    }

    /// Gives back what `reserve` took.
    package func release(_ cost: Int) {
        Reservations.end()
        state.change { $0.reserved -= cost }
    }

    /// Keeps `decoder`, which stopped in the middle of `unit`, for whoever reads on there.
    package func park(_ decoder: any Parked, of unit: Unit) {
        state.change { state in
            state.parked[unit, default: []].append(decoder)
            state.clock.append(.parked(unit, ObjectIdentifier(decoder)))
            state.held += decoder.cost
            state.evict(budget)
        }
    }

    /// Takes the parked decoder of `unit` from which `piece` is the nearest ahead.
    package func takeParked(_ unit: Unit, before piece: Int) -> (any Parked)? {
        state.change { state in
            guard
                let best = state.parked[unit]?.filter({ $0.nextPiece <= piece })
                    .max(by: { $0.nextPiece < $1.nextPiece })
            else { return nil }
            let identifier = ObjectIdentifier(best)
            state.removeParked(unit, identifier)
            state.clock.removeAll { slot in
                if case .parked(unit, identifier) = slot { true } else { false }
            }
            return best
        }
    }
}

extension DecodedCache.State {
    fileprivate mutating func use(_ key: DecodedCache.Key) -> [UInt8]? {
        guard let index = pieces.index(forKey: key) else { return nil }
        pieces.values[index].reads = min(2, pieces.values[index].reads + 1)
        return pieces.values[index].bytes
    }

    fileprivate mutating func insert(
        _ unit: DecodedCache.Unit, _ first: Int, _ bytes: [[UInt8]], _ budget: Int
    ) {
        for (offset, bytes) in bytes.enumerated() {
            let key = DecodedCache.Key(unit: unit, piece: first + offset)
            held += bytes.count
            if let old = pieces.updateValue(DecodedCache.Entry(bytes: bytes), forKey: key) {
                held -= old.bytes.count
            } else {
                clock.append(.piece(key))
            }
        }
        evict(budget)
    }

    /// The clock algorithm: what was read since the hand last passed stays for one more round.
    ///
    /// What was read just once does not: a copying client reads everything once, and would keep
    /// what it is done with in place of what was decoded ahead of it.
    fileprivate mutating func evict(_ budget: Int) {
        while held > budget - reserved, let slot = clock.popFirst() {
            switch slot {
            case .piece(let key):
                guard let entry = pieces[key] else { continue }
                if entry.reads > 1 {
                    pieces[key]?.reads = 0
                    clock.append(slot)
                } else {
                    held -= entry.bytes.count
                    pieces.removeValue(forKey: key)
                }
            case .parked(let unit, let identifier):
                removeParked(unit, identifier)
            }
        }
    }

    fileprivate mutating func removeParked(_ unit: DecodedCache.Unit, _ identifier: ObjectIdentifier) {
        guard let index = parked[unit]?.firstIndex(where: { ObjectIdentifier($0) == identifier }),
            let decoder = parked[unit]?.remove(at: index)
        else { return }
        held -= decoder.cost
        if parked[unit]?.isEmpty == true { parked.removeValue(forKey: unit) }
    }

    fileprivate mutating func removeAll(where matches: (DecodedCache.Slot) -> Bool) {
        for slot in clock where matches(slot) {
            switch slot {
            case .piece(let key):
                held -= pieces.removeValue(forKey: key)?.bytes.count ?? 0
            case .parked(let unit, let identifier):
                removeParked(unit, identifier)
            }
        }
        clock.removeAll(where: matches)
    }
}
