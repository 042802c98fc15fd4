import CLinux

/// Caches pieces of decoded data, and grants the memory to decode them. One cache serves the whole process, and is
/// bounded in bytes.
///
/// A *unit* decodes on its own (a span, a cluster, a grain) and holds one or more pieces. However many readers want a
/// unit, one of them decodes it (*single-flight*), and the others wait for the pieces as they come.
///
/// A thread gets its memory (`Turn`) before it registers as the one that decodes a unit, so a thread that others wait
/// for never waits for memory. A thread that already decodes, and reads through another layer for that, never waits for
/// memory at all. So of the threads that wait for each other, at least one can always go on.
///
/// Data is decoded ahead of a reader only if there is room to keep it until it is read: `MemoryPlan` says how much.
package final class DecodedCache: Sendable {
    /// A part that decodes on its own, such as one span of one xz file.
    package struct Unit: Hashable, Sendable {
        /// The owner of the unit, from `newOwner()`.
        package var owner: Int
        /// The number of the unit among the owner's.
        package var number: Int

        package init(owner: Int, number: Int) {
            self.owner = owner
            self.number = number
        }
    }

    /// Memory that a thread needs to decode something.
    package struct Demand: Sendable {
        /// The bytes that the decoder takes.
        package var decoder = 0
        /// The most bytes that decoders of the layers below, through which it reads, take.
        package var below = 0
        /// The bytes of pieces that it would decode ahead of its reader. As many as there is room for are granted.
        package var ahead = 0
    }

    /// The urgency of a demand.
    enum Wish {
        /// A reader asks, and waits for room.
        case reader
        /// A decoder that reads through this layer asks. It must not wait for room.
        case decoder
        /// Nobody needs it yet. It gets room only if there is more than readers may need at once.
        case nobody
    }

    /// The memory to decode one unit with, for one thread.
    package final class Turn {
        /// A decoder of the unit that stopped before the wanted piece.
        package let parked: (any Parked)?
        /// The bytes that the thread may still decode ahead of its reader. Touched by that thread alone.
        package var ahead: Int
        let unit: Unit
        let cost: Int
        let below: Int
        /// The thread's claim before this turn, and the bytes that the turn claims besides.
        let claimBefore: Int?
        let claim: Int
        /// The decode that others who want the unit wait for. Nil if nobody does.
        var flight: Flight?
        /// True if decoders take memory from now on that pieces have had.
        var takesFromPieces = false

        init(
            _ unit: Unit, parked: (any Parked)?, ahead: Int, cost: Int, below: Int, claimBefore: Int?
        ) {
            self.unit = unit
            self.parked = parked
            self.ahead = ahead
            self.cost = cost
            self.below = below
            self.claimBefore = claimBefore
            claim = max(0, cost + below - (claimBefore ?? 0))
        }
    }

    /// A decode that others wait for. Touched only under the monitor's lock.
    final class Flight {
        var failure: ImageError?
    }

    struct State {
        var pieces = PieceTable()
        var parked = ParkedDecoders()
        var flights: [Unit: Flight] = [:]
        /// The bytes of decoders at work.
        var reserved = 0
        /// The bytes of decoders at work, and those that they may yet take in the layers that they read through.
        var claimed = 0
        /// The bytes of pieces that decoders at work may yet add ahead of their readers.
        var promised = 0
        /// The most bytes that decoders have held at once.
        var peak = 0
        /// That number when the heap last gave memory back.
        var peakWhenTrimmed = 0
        /// The most bytes that one decoder has asked for.
        var largest = 0
        /// The bytes held elsewhere that count against the budget.
        var setAside = 0
        var spare = SparePieces()
        var owners = 0
        var decodes = 0
        var waiters = 0
    }

    package let plan: MemoryPlan
    private let workers: Workers
    private let state = Monitor(State())

    /// The interval, in nanoseconds, at which waiting threads check if others still take what was decoded ahead of
    /// them.
    private static let lookInterval: UInt64 = 50_000_000

    /// Creates a cache of `budget` bytes. Readers that wait in it step aside in `workers`.
    package init(budget: Int, workers: Workers) {
        plan = MemoryPlan(budget: budget)
        self.workers = workers
    }

    /// The most that pieces, parked decoders and decoders at work may hold together, in bytes.
    package var budget: Int { plan.budget }

    /// Returns a number that no other owner of units has.
    package func newOwner() -> Int {
        state.withLock { state in
            state.owners += 1
            return state.owners
        }
    }

    /// The number of decodes that were begun since the start.
    package var decodes: Int { state.withLock { $0.decodes } }

    /// Counts a decode that was not made through `piece`.
    package func countDecode() {
        state.withLock { $0.decodes += 1 }
    }

    /// The number of threads that wait for another's decode, or for memory.
    package var waiters: Int { state.withLock { $0.waiters } }

    /// The bytes held by pieces and parked decoders.
    package var held: Int { state.withLock { $0.pieces.held + $0.parked.cost } }

    /// The bytes that are held elsewhere, and count against the budget.
    package var heldElsewhere: Int { state.withLock { $0.setAside } }

    // MARK: Pieces

    /// The piece, for a reader that takes `count` bytes of it. Nil if it is not cached.
    package func cached(_ unit: Unit, piece: Int, taking count: Int = .max) -> [UInt8]? {
        let key = PieceTable.Key(unit: unit, piece: piece)
        return state.withLock { $0.pieces.use(key, taking: count) }.map { unpack($0, key) }
    }

    /// The piece, for a reader that takes `count` bytes of it. Nil if it is not cached, or has to be decompressed.
    package func cachedNow(_ unit: Unit, piece: Int, taking count: Int = .max) -> [UInt8]? {
        let key = PieceTable.Key(unit: unit, piece: piece)
        return state.withLock { state in
            state.pieces.hasPlain(key) ? state.pieces.use(key, taking: count)?.content.bytes : nil
        }
    }

    /// The bytes of a cached piece. A compressed piece that is read again is kept uncompressed from then on.
    private func unpack(_ found: (content: CachedPiece, isUsed: Bool), _ key: PieceTable.Key) -> [UInt8] {
        let bytes = found.content.bytes
        if found.isUsed, case .packed = found.content {
            state.change { $0.insert(key, .plain(bytes), for: .again(rounds: PieceTable.roundsUsed), plan) }
        }
        return bytes
    }

    /// True if the piece is cached or its unit is being decoded.
    package func isUnderWay(_ unit: Unit, piece: Int) -> Bool {
        state.withLock {
            $0.flights[unit] != nil || $0.pieces.contains(PieceTable.Key(unit: unit, piece: piece))
        }
    }

    /// The piece, for a reader that takes `count` bytes of it: from the cache, from the decode under way, or decoded by
    /// `decode`.
    ///
    /// `demand` returns the memory that decoding takes, and is called only if decoding is necessary. `decode` returns
    /// the piece, publishes every piece it decodes, and returns the decoder if it is worth parking. The threads that
    /// waited for it get its error too; the next reader tries again.
    package func piece(
        _ unit: Unit, _ piece: Int, taking count: Int = .max,
        demand: () throws(ImageError) -> Demand = { () throws(ImageError) in Demand() },
        decode: (Turn) throws(ImageError) -> (piece: [UInt8], rest: (any Parked)?)
    ) throws(ImageError) -> [UInt8] {
        let bytes = try self.piece(
            PieceTable.Key(unit: unit, piece: piece), taking: count,
            Reservations.claim == nil ? .reader : .decoder, demand, decode)
        guard let bytes else { preconditionFailure("who waits for a piece gets it, or an error") }
        return bytes
    }

    /// Decodes the missing part of the unit from the piece on, as `piece` does. Does nothing if the unit is being
    /// decoded, or if there is no room to keep the data until it is read.
    package func decodeAhead(
        _ unit: Unit, _ piece: Int, demand: () throws(ImageError) -> Demand,
        decode: (Turn) throws(ImageError) -> (piece: [UInt8], rest: (any Parked)?)
    ) throws(ImageError) {
        _ = try self.piece(
            PieceTable.Key(unit: unit, piece: piece), taking: 0, .nobody, demand, decode)
    }

    private enum Outcome {
        case found((content: CachedPiece, isUsed: Bool))
        case failed(ImageError)
        case missing
        case ours(Turn)
        case notNow
    }

    private func piece(
        _ key: PieceTable.Key, taking count: Int, _ wish: Wish, _ demand: () throws(ImageError) -> Demand,
        _ decode: (Turn) throws(ImageError) -> (piece: [UInt8], rest: (any Parked)?)
    ) throws(ImageError) -> [UInt8]? {
        var awaited: Flight?
        var known: Demand?
        let claim = Reservations.claim
        func look(_ state: inout State) -> Outcome? {
            if let found = state.pieces.use(key, taking: count) { return .found(found) }
            if let failure = awaited?.failure { return .failed(failure) }
            if let flight = state.flights[key.unit] {
                awaited = flight
                return wish == .nobody ? .notNow : nil
            }
            guard let known else { return .missing }
            guard let turn = state.admit(known, key.unit, before: key.piece, wish, claim, plan)
            else {
                return wish == .nobody ? .notNow : nil
            }
            let flight = Flight()
            turn.flight = flight
            state.flights[key.unit] = flight
            // Who goes on with a parked decoder does not begin anew.
            if turn.parked == nil { state.decodes += 1 }
            return .ours(turn)
        }
        while true {
            let outcome = state.withLock(look) ?? wait(until: look)
            switch outcome {
            case .found(let found): return unpack(found, key)
            case .failed(let error): throw error
            case .notNow: return nil
            case .missing: known = try demand()
            case .ours(let turn): return try fly(turn, decode)
            }
        }
    }

    /// Returns the result of `look` as soon as there is one. Other threads work meanwhile.
    private func wait<Result>(until look: (inout State) -> Result?) -> Result {
        workers.whileBlocked {
            state.withLock { $0.waiters += 1 }
            defer { state.withLock { $0.waiters -= 1 } }
            return state.wait(
                every: { $0.parked.isAnyDue ? ParkedDecoders.briefly : Self.lookInterval }, until: look)
        }
    }

    private func fly(
        _ turn: Turn, _ decode: (Turn) throws(ImageError) -> (piece: [UInt8], rest: (any Parked)?)
    ) throws(ImageError) -> [UInt8] {
        prepare(turn)
        do throws(ImageError) {
            let (bytes, rest) = try decode(turn)
            end(turn, parking: rest)
            return bytes
        } catch {
            end(turn, failure: error)
            throw error
        }
    }

    /// Adds piece `number` of `unit`, or, if that is nil, of the unit of `turn`. If `onlyIfRoom` is true and there is
    /// no room to keep the piece until it is read, returns false without adding it.
    @discardableResult
    func publish(
        _ turn: Turn, of unit: Unit? = nil, _ number: Int, _ bytes: [UInt8], for purpose: PieceTable.Purpose,
        onlyIfRoom: Bool = false
    ) -> Bool {
        var used = 0
        if case .ahead(let taken) = purpose, taken < bytes.count { used = min(turn.ahead, bytes.count) }
        let isKept = state.change { state in
            guard !onlyIfRoom || state.freeAhead(plan) + used >= bytes.count else { return false }
            state.promised -= used
            state.insert(
                PieceTable.Key(unit: unit ?? turn.unit, piece: number), .plain(bytes), for: purpose, plan)
            return true
        }
        if isKept { turn.ahead -= used }
        return isKept
    }

    /// True if `count` more bytes may be decoded ahead of readers in `turn`.
    package func hasRoomAhead(_ turn: Turn, _ count: Int) -> Bool {
        turn.ahead >= count || state.withLock { $0.freeAhead(plan) + turn.ahead >= count }
    }

    /// True if `count` more bytes of pieces push no others out.
    package func hasRoom(_ count: Int) -> Bool {
        state.withLock { state in
            let room = plan.pieces(decoders: state.peak, setAside: state.setAside)
            return count <= room - state.promised - state.pieces.held
        }
    }

    /// The number of the piece before which the foremost parked decoder of `unit` stopped. Nil if none is parked.
    package func parkedPiece(_ unit: Unit) -> Int? { state.withLock { $0.parked.foremost(unit) } }

    /// Adds piece `number`, which was decoded for a random read or on the way to what that read wants. The piece is
    /// compressed, so that the memory keeps far more of the data that is read at random.
    ///
    /// `worth`, from 0 to 1, is the part of the unit that must be decoded again to get the piece again. Of two pieces
    /// that are read equally rarely, the cheaper one goes first.
    package func publishPacked(_ unit: Unit, _ number: Int, _ bytes: [UInt8], worth: Double) {
        let key = PieceTable.Key(unit: unit, piece: number)
        // Compressing takes a third of the time of decoding.
        guard state.withLock({ !$0.pieces.contains(key) }) else { return }
        let piece = CachedPiece(packing: bytes)
        let rounds = Int(worth * worth * Double(Self.maximumRounds))
        state.change { $0.insert(key, piece, for: .again(rounds: rounds), plan) }
    }

    private static let maximumRounds = 16

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

    /// An empty array for a piece of `count` bytes. It reuses the memory of a discarded piece of that size, if there is
    /// one.
    package func emptyPiece(_ count: Int) -> [UInt8] {
        var piece = state.withLock { $0.spare.take(count) } ?? []
        piece.removeAll(keepingCapacity: true)
        piece.reserveCapacity(count)
        return piece
    }

    // MARK: Memory

    /// Takes the memory of `demand`, and the decoder of `unit` that stopped before `piece`, if there is one. `end`
    /// gives the memory back, on the same thread.
    ///
    /// Waits while others leave no room for it, unless the thread decodes already. Nobody waits for a thread that calls
    /// this.
    package func begin(_ demand: Demand, _ unit: Unit, before piece: Int) -> Turn {
        let claim = Reservations.claim
        let wish = claim == nil ? Wish.reader : .decoder
        func look(_ state: inout State) -> Turn? {
            state.admit(demand, unit, before: piece, wish, claim, plan)
        }
        let turn = state.withLock(look) ?? wait(until: look)
        prepare(turn)
        return turn
    }

    /// Does the same as `begin` if there is more room than readers may need at once. Returns nil otherwise.
    package func beginAhead(_ demand: Demand, _ unit: Unit, before piece: Int) -> Turn? {
        let claim = Reservations.claim
        let turn = state.withLock { $0.admit(demand, unit, before: piece, .nobody, claim, plan) }
        if let turn { prepare(turn) }
        return turn
    }

    /// Makes this thread the one that decodes in `turn`.
    private func prepare(_ turn: Turn) {
        Reservations.claim = turn.below
        // The heap keeps the memory of the pieces that were given up for decoders, which do not take theirs from it.
        if turn.takesFromPieces { vitrine_trim_heap() }
    }

    /// Gives back the memory of `turn`. Keeps the decoder `rest`, which stopped in the middle of its unit, for the next
    /// reader there.
    package func end(_ turn: Turn, parking rest: (any Parked)? = nil) {
        end(turn, parking: rest, failure: nil)
    }

    private func end(_ turn: Turn, parking rest: (any Parked)? = nil, failure: ImageError?) {
        Reservations.claim = turn.claimBefore
        state.change { state in
            state.reserved -= turn.cost
            state.claimed -= turn.claim
            state.promised -= turn.ahead
            if let rest { state.parked.add(rest, of: turn.unit, plan) }
            state.makeRoom(plan)
            guard let flight = turn.flight else { return }
            flight.failure = failure
            state.flights[turn.unit] = nil
        }
    }

    /// Adds `difference`, which may be negative, to the bytes that are held elsewhere for decoding.
    package func setAside(_ difference: Int) {
        state.change { state in
            state.setAside += difference
            state.makeRoom(plan)
        }
    }
}
