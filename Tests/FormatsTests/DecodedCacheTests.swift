import Glibc
import Synchronization
import TestSupport
import Testing

@testable import VitrineFormats

@Suite struct DecodedCacheTests {
    private final class Parked: DecodedCache.Parked {
        let nextPiece: Int
        let cost: Int
        init(nextPiece: Int, cost: Int) {
            self.nextPiece = nextPiece
            self.cost = cost
        }
    }

    private func cache(_ budget: Int, threads: Int = 2) -> (DecodedCache, Workers) {
        let workers = Workers(count: threads)
        return (DecodedCache(budget: budget, workers: workers), workers)
    }

    @Test func manyReadersCauseOneDecode() {
        let (cache, workers) = cache(1 << 20)
        let unit = DecodedCache.Unit(owner: cache.newOwner(), number: 0)
        let decodes = Atomic<Int>(0)
        let results = Monitor<[[UInt8]]>([])
        // More readers than there are workers, so that some wait in whileBlocked.
        for piece in 0..<40 {
            workers.submit(.now) {
                let bytes = try? cache.piece(unit, piece % 4) { publish throws(ImageError) in
                    decodes.add(1, ordering: .relaxed)
                    let pieces = (0..<4).map { [UInt8](repeating: UInt8($0), count: 100) }
                    publish(0, pieces)
                    return pieces[piece % 4]
                }
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
        let (cache, workers) = cache(1 << 20)
        let unit = DecodedCache.Unit(owner: cache.newOwner(), number: 0)
        let attempts = Atomic<Int>(0)
        let gate = Monitor(false)
        let begun = Monitor(0)
        let errors = Monitor<[ImageError]>([])
        for _ in 0..<10 {
            workers.submit(.now) {
                begun.change { $0 += 1 }
                do throws(ImageError) {
                    _ = try cache.piece(unit, 0) { _ throws(ImageError) in
                        attempts.add(1, ordering: .relaxed)
                        gate.wait { $0 ? () : nil }
                        throw ImageError(.corrupt, "damaged")
                    }
                } catch {
                    errors.change { $0.append(error) }
                }
            }
        }
        // Those that wait for the one at work are blocked, so that others begin in their place: all ten.
        begun.wait { $0 == 10 ? () : nil }
        // The last has begun, but may not wait yet.
        usleep(50_000)
        gate.change { $0 = true }
        let all = errors.wait { $0.count == 10 ? $0 : nil }
        #expect(all.allSatisfy { $0.description == "damaged" })
        #expect(attempts.load(ordering: .relaxed) <= 2, "those who waited tried for themselves")
        // Whoever comes later is not told what others were.
        let before = attempts.load(ordering: .relaxed)
        #expect(throws: ImageError.self) {
            try cache.piece(unit, 0) { _ throws(ImageError) in
                attempts.add(1, ordering: .relaxed)
                throw ImageError(.corrupt, "damaged")
            }
        }
        #expect(attempts.load(ordering: .relaxed) == before + 1)
        let bytes = try cache.piece(unit, 0) { _ throws(ImageError) in [1] }
        #expect(bytes == [1])
    }

    @Test func staysWithinItsBudgetAndKeepsWhatIsUsed() throws {
        let (cache, _) = cache(1000)
        let unit = DecodedCache.Unit(owner: cache.newOwner(), number: 0)
        for number in 0..<100 {
            _ = try cache.piece(unit, number) { publish throws(ImageError) in
                let bytes = [UInt8](repeating: 0, count: 100)
                publish(number, [bytes])
                return bytes
            }
            #expect(cache.held <= 1000)
            #expect(cache.cached(unit, piece: 0) != nil, "used all the time, after piece \(number)")
        }
        #expect(cache.cached(unit, piece: 50) == nil)
        cache.reserve(600)
        #expect(cache.held <= 400)
        cache.release(600)
        cache.remove(unit)
        #expect(cache.held == 0)
        #expect(cache.cached(unit, piece: 0) == nil)
    }

    @Test func keepsWhatIsDearToDecodeAgain() throws {
        let (cache, _) = cache(1000)
        let unit = DecodedCache.Unit(owner: cache.newOwner(), number: 0)
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

    @Test func keepsWhatWasDecodedAheadUntilItIsRead() throws {
        let (cache, _) = cache(1000)
        let unit = DecodedCache.Unit(owner: cache.newOwner(), number: 0)
        let bytes = [UInt8](repeating: 1, count: 100)
        cache.publish(unit, 0, [bytes, bytes])
        #expect(cache.cached(unit, piece: 0) == bytes)
        // As many as fit besides.
        cache.publish(unit, 10, [[UInt8]](repeating: bytes, count: 8))
        #expect(cache.cached(unit, piece: 1) == bytes)
        #expect(cache.cached(unit, piece: 0) == nil)
    }

    @Test func parkedDecodersAreTakenByTheNearestReader() {
        let (cache, _) = cache(10_000)
        let unit = DecodedCache.Unit(owner: cache.newOwner(), number: 0)
        for piece in [10, 30, 20] { cache.park(Parked(nextPiece: piece, cost: 100), of: unit) }
        #expect(cache.held == 300)
        #expect(cache.takeParked(unit, before: 9) == nil)
        #expect(cache.takeParked(unit, before: 29)?.nextPiece == 20)
        #expect(cache.takeParked(unit, before: 29)?.nextPiece == 10)
        #expect(cache.takeParked(unit, before: 29) == nil)
        #expect(cache.held == 100)
        // One is kept even if it takes much, and the others go for it; but not if it takes what is meant for pieces.
        cache.park(Parked(nextPiece: 1, cost: 7000), of: unit)
        #expect(cache.held == 7000)
        #expect(cache.takeParked(unit, before: 100)?.nextPiece == 1)
        cache.park(Parked(nextPiece: 1, cost: 8000), of: unit)
        #expect(cache.held == 0)
    }

    @Test func decodersAtWorkHaveRoomTogetherOrWait() {
        let (cache, workers) = cache(1000)
        let isDone = Monitor(false)
        cache.reserve(500)
        workers.submit(.now) {
            // Not before the other has given back what it has.
            cache.reserve(300)
            isDone.change { $0 = true }
            cache.release(300)
        }
        // The same thread may have more: it might wait for itself.
        cache.reserve(400)
        #expect(!isDone.withLock { $0 })
        cache.release(400)
        cache.release(500)
        isDone.wait { $0 ? () : nil }
    }

    @Test func whatDecodersHadIsNotGivenToPieces() throws {
        let (cache, _) = cache(1000)
        let unit = DecodedCache.Unit(owner: cache.newOwner(), number: 0)
        cache.reserve(400)
        cache.release(400)
        cache.publish(unit, 0, (0..<20).map { _ in [UInt8](repeating: 1, count: 100) })
        #expect(cache.held == 500)
    }
}
