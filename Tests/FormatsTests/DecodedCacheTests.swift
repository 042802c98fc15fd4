import Glibc
import Synchronization
import TestSupport
import Testing

@testable import VitrineFormats

@Suite struct DecodedCacheTests {
    private final class Parked: DecodedCache.Parked {
        let nextPiece: Int
        let cost: Int
        let stay: DecodedCache.Stay
        let began: UInt64

        /// Creates a decoder that was made `age` nanoseconds ago.
        init(nextPiece: Int, cost: Int, stay: DecodedCache.Stay = .none, age: UInt64 = 0) {
            self.nextPiece = nextPiece
            self.cost = cost
            self.stay = stay
            began = monotonicTime() - age
        }
    }

    private func cache(_ budget: Int, threads: Int = 2) -> (DecodedCache, Workers) {
        let workers = Workers(count: threads)
        return (DecodedCache(budget: budget, workers: workers), workers)
    }

    private func unit(_ cache: DecodedCache, _ number: Int = 0) -> DecodedCache.Unit {
        DecodedCache.Unit(owner: cache.newOwner(), number: number)
    }

    /// Decodes one piece of `count` bytes, which is kept like a piece that was read once.
    private func read(_ cache: DecodedCache, _ unit: DecodedCache.Unit, _ number: Int, count: Int) throws {
        _ = try cache.piece(
            unit, number,
            decode: { turn throws(ImageError) in
                let bytes = [UInt8](repeating: 1, count: count)
                cache.publish(turn, number, bytes, for: .again(rounds: 0))
                return (bytes, nil)
            })
    }

    /// Decodes as many of `numbers` of `unit` as are granted ahead of a reader of the first. Returns those that were
    /// decoded.
    private func decodeAhead(
        _ cache: DecodedCache, _ unit: DecodedCache.Unit, _ numbers: Range<Int>, each count: Int
    ) throws -> [Int] {
        var decoded: [Int] = []
        _ = try cache.piece(
            unit, numbers.lowerBound, taking: count,
            demand: { () throws(ImageError) in DecodedCache.Demand(ahead: count * (numbers.count - 1)) },
            decode: { turn throws(ImageError) in
                let bytes = [UInt8](repeating: 1, count: count)
                for number in numbers where number == numbers.lowerBound || turn.ahead >= count {
                    decoded.append(number)
                    let taken = number == numbers.lowerBound ? count : 0
                    cache.publish(turn, number, bytes, for: .ahead(taken: taken))
                }
                return (bytes, nil)
            })
        return decoded
    }

    @Test func manyReadersCauseOneDecode() {
        let (cache, workers) = cache(1 << 20)
        let unit = unit(cache)
        let decodes = Atomic<Int>(0)
        let results = Monitor<[[UInt8]]>([])
        // More readers than there are workers, so that some wait in whileBlocked.
        for piece in 0..<40 {
            workers.submit(.now) {
                let bytes = try? cache.piece(
                    unit, piece % 4,
                    decode: { turn throws(ImageError) in
                        decodes.add(1, ordering: .relaxed)
                        let pieces = (0..<4).map { [UInt8](repeating: UInt8($0), count: 100) }
                        for (number, bytes) in pieces.enumerated() {
                            cache.publish(turn, number, bytes, for: .again(rounds: 2))
                        }
                        return (pieces[piece % 4], nil)
                    })
                results.change { $0.append(bytes ?? []) }
            }
        }
        let all = results.wait { $0.count == 40 ? $0 : nil }
        #expect(decodes.load(ordering: .relaxed) == 1)
        #expect(cache.decodes == 1)
        #expect(all.allSatisfy { $0.count == 100 })
        #expect(Set(all.map { $0.first }) == [0, 1, 2, 3])
    }

    @Test func waitersGetTheErrorAndLaterReadersTryAnew() throws {
        let (cache, workers) = cache(1 << 20, threads: 4)
        let unit = unit(cache)
        let attempts = Atomic<Int>(0)
        let gate = Monitor(false)
        let errors = Monitor<[ImageError]>([])
        let arrived = Monitor(0)
        for _ in 0..<10 {
            workers.submit(.now) {
                arrived.change { $0 += 1 }
                do throws(ImageError) {
                    _ = try cache.piece(
                        unit, 0,
                        decode: { _ throws(ImageError) in
                            attempts.add(1, ordering: .relaxed)
                            gate.wait { $0 ? () : nil }
                            throw ImageError(.corrupt, "damaged")
                        })
                } catch {
                    errors.change { $0.append(error) }
                }
            }
        }
        // All of them: one decodes, and those that wait for it let others come.
        arrived.wait { $0 == 10 ? () : nil }
        while cache.waiters < 9 { sched_yield() }
        gate.change { $0 = true }
        let all = errors.wait { $0.count == 10 ? $0 : nil }
        #expect(all.allSatisfy { $0.description == "damaged" })
        #expect(attempts.load(ordering: .relaxed) == 1, "those who wait are told what the one who tried was")
        // Whoever comes later is not told what others were.
        #expect(throws: ImageError.self) {
            try cache.piece(
                unit, 0,
                decode: { _ throws(ImageError) in
                    attempts.add(1, ordering: .relaxed)
                    throw ImageError(.corrupt, "damaged")
                })
        }
        #expect(attempts.load(ordering: .relaxed) == 2)
        let bytes = try cache.piece(unit, 0, decode: { _ throws(ImageError) in ([1], nil) })
        #expect(bytes == [1])
    }

    @Test func staysWithinItsBudgetAndKeepsWhatIsUsed() throws {
        let (cache, _) = cache(1000)
        let unit = unit(cache)
        for number in 0..<100 {
            try read(cache, unit, number, count: 100)
            #expect(cache.held <= 1000)
            #expect(cache.cached(unit, piece: 0) != nil, "used all the time, after piece \(number)")
        }
        #expect(cache.cached(unit, piece: 50) == nil)
        let turn = cache.begin(DecodedCache.Demand(decoder: 500), self.unit(cache), before: 0)
        #expect(cache.held <= 500)
        cache.end(turn)
        cache.remove(unit)
        #expect(cache.held == 0)
        #expect(cache.cached(unit, piece: 0) == nil)
    }

    @Test func keepsWhatIsDearToDecodeAgain() throws {
        let (cache, _) = cache(1000)
        let unit = unit(cache)
        // What does not compress takes its size.
        var generator = SeededGenerator(seed: 1)
        for number in 0..<40 {
            let bytes = (0..<100).map { _ in UInt8.random(in: 0...255, using: &generator) }
            cache.publishPacked(unit, number, bytes, worth: number < 5 ? 1 : 0)
        }
        #expect((0..<5).allSatisfy { cache.cached(unit, piece: $0) != nil })
        #expect(cache.cached(unit, piece: 39) != nil)
        #expect(cache.cached(unit, piece: 20) == nil)
    }

    @Test func whatWasDecodedAheadStaysUntilAllOfItIsRead() throws {
        let (cache, _) = cache(10_000)
        let (ahead, other) = (unit(cache), unit(cache))
        #expect(try decodeAhead(cache, ahead, 0..<4, each: 800) == [0, 1, 2, 3])
        // Readers come in any order, and take parts.
        #expect(cache.cached(ahead, piece: 1, taking: 500) != nil)
        for number in 0..<40 { try read(cache, other, number, count: 800) }
        #expect(cache.cached(ahead, piece: 1, taking: 300) != nil, "in the middle of it")
        for number in 40..<80 { try read(cache, other, number, count: 800) }
        #expect(cache.cached(ahead, piece: 1) == nil, "it was read to its end")
        #expect(cache.cached(ahead, piece: 2) != nil, "nobody has come for it yet")
    }

    @Test func nothingIsDecodedAheadThatCannotBeKept() throws {
        let (cache, _) = cache(12_000)
        // Of 11,000 bytes for pieces three eighths, at once, and seven eighths in all.
        let first = unit(cache)
        #expect(try decodeAhead(cache, first, 0..<20, each: 1000) == Array(0...4))
        let second = unit(cache)
        #expect(try decodeAhead(cache, second, 0..<20, each: 1000) == Array(0...4))
        var isAsked = false
        try cache.decodeAhead(
            unit(cache), 0, demand: { () throws(ImageError) in DecodedCache.Demand(ahead: 1000) },
            decode: { _ throws(ImageError) in
                isAsked = true
                return ([1], nil)
            })
        #expect(!isAsked, "nobody waits for it, and readers may need the room")
        #expect((1...4).allSatisfy { cache.cached(first, piece: $0, taking: 0) != nil })
    }

    @Test func aReaderWaitsForRoomUntilOthersHaveReadWhatIsTheirs() throws {
        let (cache, workers) = cache(12_000)
        let (first, second, third) = (unit(cache), unit(cache), unit(cache))
        _ = try decodeAhead(cache, first, 0..<5, each: 1000)
        _ = try decodeAhead(cache, second, 0..<5, each: 1000)
        let decoded = Monitor<[Int]?>(nil)
        workers.submit(.now) {
            let numbers = try? self.decodeAhead(cache, third, 0..<5, each: 1000)
            decoded.change { $0 = numbers ?? [] }
        }
        while cache.waiters == 0 { sched_yield() }
        for number in 1...4 { #expect(cache.cached(first, piece: number) != nil) }
        workers.submit(.now) { for number in 1...4 { _ = cache.cached(first, piece: number) } }
        #expect(decoded.wait { $0 } == Array(0...4))
        #expect((1...4).allSatisfy { cache.cached(second, piece: $0, taking: 0) != nil })
    }

    @Test func aReaderDoesNotWaitForOthersThatDoNotCome() throws {
        let (cache, _) = cache(12_000)
        let (first, second, third) = (unit(cache), unit(cache), unit(cache))
        _ = try decodeAhead(cache, first, 0..<5, each: 1000)
        _ = try decodeAhead(cache, second, 0..<5, each: 1000)
        #expect(try decodeAhead(cache, third, 0..<5, each: 1000) == Array(0...4))
        #expect((1...4).allSatisfy { cache.cached(third, piece: $0, taking: 0) != nil })
    }

    /// Decompressing takes as long as sending a hundred small replies.
    @Test func whatIsCompressedIsNotThereNow() throws {
        let (cache, _) = cache(10_000)
        let unit = unit(cache)
        let bytes = [UInt8](repeating: 1, count: 1000)
        try read(cache, unit, 0, count: 1000)
        #expect(cache.cachedNow(unit, piece: 0, taking: 1000) == bytes)
        #expect(cache.cachedNow(unit, piece: 1, taking: 1000) == nil)
        cache.publishPacked(unit, 1, bytes, worth: 1)
        for _ in 0..<3 { #expect(cache.cachedNow(unit, piece: 1, taking: 1000) == nil) }
        #expect(cache.cached(unit, piece: 1) == bytes)
        #expect(
            cache.cachedNow(unit, piece: 1, taking: 1000) == nil,
            "asking whether it is there is not reading it")
        // What is read again is kept as it is.
        #expect(cache.cached(unit, piece: 1) == bytes)
        #expect(cache.cachedNow(unit, piece: 1, taking: 1000) == bytes)
    }

    private func park(_ cache: DecodedCache, _ decoder: Parked, _ unit: DecodedCache.Unit) {
        let turn = cache.begin(DecodedCache.Demand(decoder: decoder.cost), unit, before: -1)
        cache.end(turn, parking: decoder)
    }

    /// The number of the piece before which the decoder for a reader of `piece` stopped. Nil if there is none.
    private func takeParked(_ cache: DecodedCache, _ unit: DecodedCache.Unit, before piece: Int) -> Int? {
        let turn = cache.begin(DecodedCache.Demand(decoder: 1), unit, before: piece)
        defer { cache.end(turn) }
        return turn.parked?.nextPiece
    }

    @Test func parkedDecodersAreTakenByTheNearestReader() {
        let (cache, _) = cache(10_000)
        let unit = unit(cache)
        for piece in [10, 30, 20] { park(cache, Parked(nextPiece: piece, cost: 100), unit) }
        #expect(cache.held == 300)
        #expect(takeParked(cache, unit, before: 9) == nil)
        #expect(takeParked(cache, unit, before: 29) == 20)
        #expect(takeParked(cache, unit, before: 29) == 10)
        #expect(takeParked(cache, unit, before: 29) == nil)
        #expect(cache.held == 100)
        // One is kept even if it takes much, and the others go for it.
        park(cache, Parked(nextPiece: 1, cost: 4000), unit)
        #expect(cache.held == 4000)
        #expect(takeParked(cache, unit, before: 100) == 1)
    }

    @Test func aDecoderThatIsDearIsNotGivenUpForAnotherReaderAtOnce() {
        let (cache, workers) = cache(512 << 20)
        let (first, second) = (unit(cache), unit(cache))
        park(cache, Parked(nextPiece: 1, cost: 200 << 20, stay: .turn), first)
        let isDone = Monitor(false)
        workers.submit(.now) {
            let turn = cache.begin(DecodedCache.Demand(decoder: 200 << 20), second, before: 0)
            isDone.change { $0 = true }
            cache.end(turn)
        }
        while cache.waiters == 0 { sched_yield() }
        // Its own reader comes again meanwhile, and has it.
        let turn = cache.begin(DecodedCache.Demand(decoder: 200 << 20), first, before: 5)
        #expect(turn.parked?.nextPiece == 1)
        #expect(!isDone.withLock { $0 })
        // It has had its time.
        cache.end(turn, parking: Parked(nextPiece: 6, cost: 200 << 20, stay: .turn, age: 60_000_000_000))
        isDone.wait { $0 ? () : nil }
        #expect(takeParked(cache, first, before: 10) == nil)
    }

    @Test func twoDecodersStayUntilTheNextRequestsAreDue() {
        let (cache, _) = cache(1000)
        let units = (0..<3).map { _ in unit(cache) }
        // A twelfth of the budget is for parked decoders, so there is room for none, but one stays in any case.
        for unit in units { park(cache, Parked(nextPiece: 1, cost: 100), unit) }
        #expect(cache.held == 100)
        for unit in units { park(cache, Parked(nextPiece: 2, cost: 100, stay: .briefly), unit) }
        #expect(cache.held == 200)
        #expect(takeParked(cache, units[2], before: 5) == 2)
    }

    @Test func decodersAtWorkHaveRoomTogetherOrWait() {
        let (cache, workers) = cache(1000)
        let isDone = Monitor(false)
        let first = cache.begin(DecodedCache.Demand(decoder: 400), unit(cache), before: 0)
        workers.submit(.now) {
            // Not before the other has given back what it has.
            let second = cache.begin(DecodedCache.Demand(decoder: 400), self.unit(cache), before: 0)
            isDone.change { $0 = true }
            cache.end(second)
        }
        while cache.waiters == 0 { sched_yield() }
        // The same thread may have more: the other might wait for it.
        let nested = cache.begin(DecodedCache.Demand(decoder: 400), unit(cache), before: 0)
        #expect(!isDone.withLock { $0 })
        cache.end(nested)
        #expect(!isDone.withLock { $0 })
        cache.end(first)
        isDone.wait { $0 ? () : nil }
    }

    @Test func whatLayersBelowTakeIsClaimedWithTheDecoderAbove() {
        let (cache, workers) = cache(1000)
        let isDone = Monitor(false)
        let outer = cache.begin(DecodedCache.Demand(decoder: 200, below: 200), unit(cache), before: 0)
        workers.submit(.now) {
            let other = cache.begin(
                DecodedCache.Demand(decoder: 200, below: 200), self.unit(cache), before: 0)
            isDone.change { $0 = true }
            cache.end(other)
        }
        while cache.waiters == 0 { sched_yield() }
        let inner = cache.begin(DecodedCache.Demand(decoder: 200), unit(cache), before: 0)
        cache.end(inner)
        #expect(!isDone.withLock { $0 }, "what it may take in the layer below is not for others")
        cache.end(outer)
        isDone.wait { $0 ? () : nil }
    }

    @Test func whatDecodersHadIsNotGivenToPieces() throws {
        let (cache, _) = cache(1000)
        let turn = cache.begin(DecodedCache.Demand(decoder: 400), unit(cache), before: 0)
        cache.end(turn)
        let unit = unit(cache)
        for number in 0..<20 { try read(cache, unit, number, count: 100) }
        #expect(cache.held == 500)
    }
}
