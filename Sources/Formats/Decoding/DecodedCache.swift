import DequeModule

/// What has been decoded lately: one for the whole process, bounded in bytes.
///
/// Decoded data is kept in pieces. A *unit* is what decodes on its own (an xz
/// block, a cluster, a grain) and holds one piece or many. However many readers
/// want a unit, one of them decodes it (*single-flight*), and the others wait for
/// the pieces as they come.
///
/// A decoder that stopped in the middle of a unit can be parked here too, for
/// whoever reads on: it counts against the same budget, and gives way to decoders at work.
///
/// What decoders have taken at their most is not given to pieces any more: the C library's heap, which pieces lie
/// in, does not shrink when they go, and the process would grow by both.
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

    fileprivate struct Entry {
        var content: CachedPiece
        /// How often the clock's hand passes it before it may go.
        var rounds: Int
        /// How often it was read since the clock's hand last passed; no more than 2 are counted.
        var reads = 0
        /// Whether it was decoded ahead of its reader, and not read yet.
        var isAhead: Bool
    }

    /// One decode under way. Touched only under the monitor's lock.
    fileprivate final class Flight {
        var failure: ImageError?
    }

    fileprivate struct State {
        var pieces: [Key: Entry] = [:]
        /// In the order in which the hand of the clock passes them.
        var clock: Deque<Key> = []
        /// Decoders that stopped, oldest first.
        var parked: [(unit: Unit, decoder: any Parked)] = []
        var flights: [Unit: Flight] = [:]
        /// The bytes of the pieces, of parked decoders, and of those at work.
        var held = 0
        var parkedCost = 0
        var reserved = 0
        /// The most that decoders have had.
        var decodersPeak = 0
        /// What else counts against the budget.
        var setAside = 0
        /// Memory of plain pieces that went, for those that come.
        var spare: [[UInt8]] = []
        var spareBytes = 0
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
    package var held: Int { state.withLock { $0.held + $0.parkedCost } }

    /// The piece, if it is here.
    package func cached(_ unit: Unit, piece: Int) -> [UInt8]? {
        state.withLock { $0.use(Key(unit: unit, piece: piece)) }.map { unpack($0, unit, piece) }
    }

    /// The piece, if it is here and need not be decompressed.
    package func cachedNow(_ unit: Unit, piece: Int) -> [UInt8]? {
        state.withLock { state in
            let key = Key(unit: unit, piece: piece)
            guard case .plain = state.pieces[key]?.content else { return nil }
            return state.use(key)?.content.bytes
        }
    }

    /// The bytes of an entry that was found; one that is compressed and in use is compressed no more.
    private func unpack(_ found: (content: CachedPiece, isUsed: Bool), _ unit: Unit, _ piece: Int) -> [UInt8]
    {
        let bytes = found.content.bytes
        if found.isUsed, case .packed = found.content { publish(unit, piece, [bytes]) }
        return bytes
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
            case found((content: CachedPiece, isUsed: Bool))
            case failed(ImageError)
            case ours(Flight)
        }
        let key = Key(unit: unit, piece: piece)
        var awaited: Flight?
        func look(_ state: inout State) -> Outcome? {
            if let found = state.use(key) { return .found(found) }
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
        case .found(let found): return unpack(found, unit, piece)
        case .failed(let error): throw error
        case .ours(let flight): return try fly(flight, unit, decode)
        }
    }

    /// Takes in pieces that were decoded without anyone asking here.
    package func publish(_ unit: Unit, _ first: Int, _ pieces: [[UInt8]]) {
        state.change { $0.insert(unit, first, pieces.map { .plain($0) }, budget) }
    }

    /// Takes in piece `number`, which was decoded for a reader at random or on the way to what that one wants: compressed, so
    /// that far more of what is read at random stays than the memory holds.
    ///
    /// `worth`, from 0 to 1, is what part of the unit must be decoded again to come by it again: of two pieces that are read
    /// as rarely, the cheaper one goes first.
    package func publishPacked(_ unit: Unit, _ number: Int, _ bytes: [UInt8], worth: Double) {
        // Compressing takes a third of the time of decoding.
        guard state.withLock({ $0.pieces[Key(unit: unit, piece: number)] == nil }) else { return }
        let piece = CachedPiece(packing: bytes)
        let rounds = Int(worth * worth * Double(Self.maximumRounds))
        state.change { $0.insert(unit, number, [piece], rounds: rounds, budget) }
    }

    private static let maximumRounds = 16

    private func fly(
        _ flight: Flight, _ unit: Unit, _ decode: (Publish) throws(ImageError) -> [UInt8]
    ) throws(ImageError) -> [UInt8] {
        do throws(ImageError) {
            let bytes = try decode { first, pieces in
                publish(unit, first, pieces)
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
            state.removeAll { $0 == unit }
        }
    }

    /// Forgets everything of `owner`.
    package func remove(owner: Int) {
        state.change { state in
            state.removeAll { $0.owner == owner }
        }
    }

    /// An empty array for a piece of `count` bytes, in the memory of one that went, if there is one of that size.
    ///
    /// Pieces that came and went one by one would leave holes in the C library's heap, which other data takes a part of: it
    /// would grow by half of what the pieces take.
    package func emptyPiece(_ count: Int) -> [UInt8] {
        var piece = state.withLock { $0.takeSpare(count) } ?? []
        piece.removeAll(keepingCapacity: true)
        piece.reserveCapacity(count)
        return piece
    }

    /// Makes room for a decoder at work that holds `cost` bytes; `release` gives it back, on the same thread.
    ///
    /// Waits while others at work leave no room for it. A thread that has room already, such as that of a decoder that
    /// reads through another, never waits: those others might wait for it.
    package func reserve(_ cost: Int) {
        let mayWait = Reservations.begin() == 0
        func look(_ state: inout State) -> Void? {
            guard !mayWait || state.reserved == 0 || state.reserved + cost <= State.decoderShare(budget)
            else {
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

    /// Gives back part of what `reserve` took; `release` is for what is left then.
    package func shrinkReservation(by count: Int) {
        state.change { $0.reserved -= count }
    }

    /// Counts `difference` bytes more, or fewer, that are held elsewhere for decoding.
    package func setAside(_ difference: Int) {
        state.change { state in
            state.setAside += difference
            state.evict(budget)
        }
    }

    /// Keeps `decoder`, which stopped in the middle of `unit`, for whoever reads on there.
    package func park(_ decoder: any Parked, of unit: Unit) {
        state.change { state in
            state.parked.append((unit, decoder))
            state.parkedCost += decoder.cost
            state.evict(budget)
        }
    }

    /// Takes the parked decoder of `unit` from which `piece` is the nearest ahead.
    package func takeParked(_ unit: Unit, before piece: Int) -> (any Parked)? {
        state.change { state in
            let best = state.parked.indices
                .filter { state.parked[$0].unit == unit && state.parked[$0].decoder.nextPiece <= piece }
                .max { state.parked[$0].decoder.nextPiece < state.parked[$1].decoder.nextPiece }
            return best.map { state.removeParked($0) }
        }
    }
}

extension DecodedCache.State {
    fileprivate mutating func use(_ key: DecodedCache.Key) -> (content: CachedPiece, isUsed: Bool)? {
        guard let index = pieces.index(forKey: key) else { return nil }
        pieces.values[index].reads = min(2, pieces.values[index].reads + 1)
        let isUsed = pieces.values[index].reads > 1
        if pieces.values[index].isAhead {
            pieces.values[index].isAhead = false
            pieces.values[index].rounds = 0
        }
        if isUsed { pieces.values[index].rounds = max(pieces.values[index].rounds, Self.roundsUsed) }
        return (pieces.values[index].content, isUsed)
    }

    /// For what was decoded ahead, until it is read.
    private static let roundsAhead = 2
    /// For what is read again and again.
    private static let roundsUsed = 4

    /// Takes in pieces, which the hand of the clock is to pass so many times; or, without `rounds`, what was decoded ahead.
    fileprivate mutating func insert(
        _ unit: DecodedCache.Unit, _ first: Int, _ contents: [CachedPiece], rounds: Int? = nil, _ budget: Int
    ) {
        for (offset, content) in contents.enumerated() {
            let key = DecodedCache.Key(unit: unit, piece: first + offset)
            held += content.held
            if let old = pieces.updateValue(
                DecodedCache.Entry(
                    content: content, rounds: rounds ?? Self.roundsAhead, isAhead: rounds == nil), forKey: key
            ) {
                held -= old.content.held
            } else {
                clock.append(key)
            }
        }
        evict(budget)
    }

    /// What decoders may have of a budget together; the rest is for what they decode.
    fileprivate static func decoderShare(_ budget: Int) -> Int { budget / 4 * 3 }

    /// Makes room, for decoders at work first.
    ///
    /// Pieces go by the clock algorithm: each stays for a number of rounds of the hand, more of them if it is read again and
    /// again, or dear to decode again. What was read just once is the first to go: a copying client reads everything once,
    /// and would keep what it is done with in place of what was decoded ahead of it.
    fileprivate mutating func evict(_ budget: Int) {
        // One decoder is worth keeping whatever it takes: reading on from the start again is much worse.
        while parked.count > 1, parkedCost > budget / 12 { _ = removeParked(0) }
        while !parked.isEmpty, reserved + parkedCost > Self.decoderShare(budget) { _ = removeParked(0) }
        decodersPeak = max(decodersPeak, reserved + parkedCost)
        // A twelfth is for what the heap loses between pieces that come and go.
        let room = max(budget / 16, budget - budget / 12 - decodersPeak - setAside)
        while held > room, let key = clock.popFirst() {
            guard let index = pieces.index(forKey: key) else { continue }
            if pieces.values[index].rounds > 0 {
                pieces.values[index].rounds -= 1
                pieces.values[index].reads = 0
                clock.append(key)
            } else {
                let content = pieces.remove(at: index).value.content
                held -= content.held
                if case .plain(let bytes) = content { keepSpare(bytes, budget) }
            }
        }
    }

    private mutating func keepSpare(_ piece: [UInt8], _ budget: Int) {
        guard spareBytes + piece.count <= budget / 64 else { return }
        spareBytes += piece.count
        spare.append(piece)
    }

    fileprivate mutating func takeSpare(_ count: Int) -> [UInt8]? {
        guard let index = spare.lastIndex(where: { $0.count == count }) else {
            // Those of another size are of no use any more.
            if let other = spare.popLast() { spareBytes -= other.count }
            return nil
        }
        let piece = spare.remove(at: index)
        spareBytes -= piece.count
        return piece
    }

    fileprivate mutating func removeParked(_ index: Int) -> any DecodedCache.Parked {
        let decoder = parked.remove(at: index).decoder
        parkedCost -= decoder.cost
        return decoder
    }

    fileprivate mutating func removeAll(where matches: (DecodedCache.Unit) -> Bool) {
        for key in clock where matches(key.unit) {
            held -= pieces.removeValue(forKey: key)?.content.held ?? 0
        }
        clock.removeAll { matches($0.unit) }
        for index in parked.indices.reversed() where matches(parked[index].unit) { _ = removeParked(index) }
    }
}
