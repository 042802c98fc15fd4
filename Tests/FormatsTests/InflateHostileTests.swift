import CZlib
import TestSupport
import Testing

@testable import VitrineFormats

/// Data that is damaged, cut, or made to do harm.
@Suite struct InflateHostileTests {
    /// The error of decoding the data, which lies at offset 10 of its source. zlib must refuse it, too.
    private func error(_ data: [UInt8], isCut: Bool = false) throws -> String {
        let source = MemorySource([UInt8](repeating: 0xFF, count: 10) + data)
        let inflater = try Inflater(source, 10..<UInt64(data.count + 10))
        let error = #expect(throws: ImageError.self) {
            while try !inflater.decode(upTo: 1000) { _ = inflater.taken() }
        }
        #expect(error?.code == .corrupt)
        #expect(inflater.isCut == isCut)
        let theirs = RawDeflate.inflateWithZlib(data, limit: 1 << 20)
        #expect(theirs.end == (isCut ? .cut : .damage))
        return error?.description ?? ""
    }

    private func error(_ write: (inout DeflateWriter) -> Void) throws -> String {
        var writer = DeflateWriter()
        write(&writer)
        writer.append([UInt8](repeating: 0, count: 80))
        return try error(writer.bytes)
    }

    /// Lengths of codes of which `symbols` have some.
    private func lengths(_ count: Int, _ symbols: [Int: UInt8]) -> [UInt8] {
        (0..<count).map { symbols[$0] ?? 0 }
    }

    @Test func headersThatCannotBe() throws {
        #expect(
            try error { $0.begin(type: 3, isFinal: true) }
                == "deflate block at 10: BTYPE is 3, expected 0 to 2")
        #expect(
            try error {
                $0.store([1])
                $0.store([1, 2], complement: 0xFFFC)
            } == "deflate block at 16: LEN is 0x2 and NLEN 0xfffc, expected 0xfffd")
        #expect(
            try error {
                $0.begin(type: 2, isFinal: true)
                $0.writeCounts(287, 1)
            } == "deflate block at 10: has 287 literal/length codes, expected up to 286")
        #expect(
            try error {
                $0.begin(type: 2, isFinal: true)
                $0.writeCounts(286, 31)
            } == "deflate block at 10: has 31 distance codes, expected up to 30")
        #expect(
            try error { $0.beginDynamic(lengths(257, [0: 1, 1: 1]), [0]) }
                == "deflate block at 10: has no code for its end")
    }

    @Test func repeatsThatCannotBe() throws {
        #expect(
            try error {
                $0.begin(type: 2, isFinal: true)
                $0.writeCounts(257, 1)
                $0.writeLength(16)
            } == "deflate block at 10: repeats a code length before the first one")
        for (symbol, extra, repeats) in [(16, 3, 6), (17, 7, 10), (18, 127, 138)] {
            #expect(
                try error {
                    $0.begin(type: 2, isFinal: true)
                    $0.writeCounts(257, 1)
                    for _ in 0..<256 { $0.writeLength(0) }
                    $0.writeLength(symbol, repeats: extra)
                } == "deflate block at 10: repeats a code length \(repeats) times, but only 2 are left")
        }
    }

    @Test func codesThatCannotBe() throws {
        let missing = "deflate block at 10: has a code of literals and lengths that is not complete"
        #expect(try error { $0.beginDynamic(lengths(257, [0: 2, 256: 1]), [0]) } == missing)
        #expect(try error { $0.beginDynamic(lengths(257, [256: 2]), [0]) } == missing)
        #expect(
            try error { $0.beginDynamic(lengths(257, [0: 1, 1: 1, 256: 1]), [0]) }
                == "deflate block at 10: has more codes of literals and lengths than there can be")
        let distances = "deflate block at 10: has a code of distances that is not complete"
        let literals = lengths(257, [0: 1, 256: 1])
        #expect(try error { $0.beginDynamic(literals, [2]) } == distances)
        #expect(try error { $0.beginDynamic(literals, [1, 2]) } == distances)
        #expect(
            try error { $0.beginDynamic(literals, [1, 1, 15]) }
                == "deflate block at 10: has more codes of distances than there can be")
        for length in [0, 1, 3, 7] {
            #expect(
                try error {
                    $0.begin(type: 2, isFinal: true)
                    $0.write(0, 10)
                    $0.write(0, 4)
                    for _ in 0..<4 { $0.write(length == 0 ? 1 : length, 3) }
                } == "deflate block at 10: has a code of code lengths that is not complete")
        }
    }

    @Test func symbolsThatCannotBe() throws {
        for symbol in [286, 287] {
            #expect(
                try error {
                    $0.beginFixed()
                    $0.literal(symbol)
                } == "deflate block at 10: has an invalid literal/length code")
        }
        for symbol in [30, 31] {
            #expect(
                try error {
                    $0.beginFixed()
                    for _ in 0..<5 { $0.literal(1) }
                    $0.literal(257)
                    $0.distance(symbol)
                }.hasSuffix("has an invalid distance code"))
        }
        // The other code of one bit, and a distance where there are none.
        let literals = lengths(258, [0: 2, 256: 2, 257: 1])
        for distances in [[0], [1]] as [[UInt8]] {
            #expect(
                try error {
                    $0.beginDynamic(literals, distances)
                    $0.literal(0)
                    $0.literal(257)
                    $0.write(1, 1)
                }.hasSuffix("has an invalid distance code"))
        }
    }

    @Test func incompleteCodesThatCanBe() throws {
        var writer = DeflateWriter()
        writer.beginDynamic(lengths(258, [7: 2, 256: 2, 257: 1]), [1])
        writer.literal(7)
        writer.match(length: 3, distance: 1)
        writer.endBlock()
        writer.beginDynamic(lengths(258, [8: 1, 256: 1]), [0])
        writer.literal(8)
        writer.endBlock()
        writer.beginDynamic(lengths(257, [256: 1]), [0, 0], isFinal: true)
        writer.endBlock()
        let expected = RawDeflate.Result(output: [7, 7, 7, 7, 8], end: .stream, taken: writer.bytes.count)
        #expect(try RawDeflate.inflate(writer.bytes) == expected)
        #expect(RawDeflate.inflateWithZlib(writer.bytes, limit: 100) == expected)
    }

    @Test func distancesBeforeTheStart() throws {
        #expect(
            try error {
                $0.beginFixed()
                $0.match(length: 3, distance: 1)
            } == "deflate block at 10: distance is 1 bytes, but only 0 come before it")
        #expect(
            try error {
                $0.store([UInt8](repeating: 1, count: 20))
                $0.beginFixed()
                $0.match(length: 3, distance: 500)
            } == "deflate block at 35: distance is 500 bytes, but only 20 come before it")
        #expect(
            try error {
                $0.store([UInt8](repeating: 1, count: 32_767))
                $0.beginFixed()
                $0.match(length: 3, distance: 32_768)
            } == "deflate block at 32782: distance is 32768 bytes, but only 32767 come before it")
    }

    /// A match cannot refer to the stream before.
    @Test func distancesIntoAnotherStream() throws {
        var writer = DeflateWriter()
        writer.store([1, 2, 3], isFinal: true)
        writer.beginFixed(isFinal: true)
        writer.literal(9)
        writer.match(length: 3, distance: 2)
        writer.append([UInt8](repeating: 0, count: 80))
        let inflater = try Inflater(MemorySource(writer.bytes), 0..<UInt64(writer.bytes.count))
        #expect(try inflater.decode(upTo: 100))
        inflater.beginStream()
        let error = #expect(throws: ImageError.self) { _ = try inflater.decode(upTo: 97) }
        #expect(error?.description == "deflate block at 8: distance is 2 bytes, but only 1 come before it")
        #expect(inflater.taken() == [1, 2, 3, 9])
    }

    /// Whatever was decoded before the end of cut data is sound, and is there.
    @Test(arguments: [0, 6] as [Int32])
    func dataCutAnywhere(_ level: Int32) throws {
        var random = SeededGenerator(seed: 1)
        let content = TestContent.mixture.bytes(count: 1500, &random)
        let encoded = RawDeflate.deflate(content, level: level, memory: 1)
        for count in 0..<encoded.count {
            let cut = Array(encoded[..<count])
            let ours = try RawDeflate.inflate(cut)
            #expect(ours.end == .cut)
            let isSame = ours == RawDeflate.inflateWithZlib(cut, limit: 1 << 20)
            #expect(isSame, "\(count)")
        }
    }

    @Test func textsOfCutData() throws {
        #expect(
            try error([], isCut: true)
                == "the deflate data ends at 10, in the middle of a stream, before its last block")
        #expect(
            try error([4], isCut: true) == "the deflate data ends at 11, in the middle of a block's header")
        #expect(
            try error([0, 1, 0, 0xFE, 0xFF], isCut: true)
                == "the deflate data ends at 15, in the middle of a stored block")
        #expect(try error([2], isCut: true) == "the deflate data ends at 11, in the middle of a code")
    }

    /// Errors of the source come through, and are not taken for damage.
    @Test func aRangePastTheEndOfTheSource() throws {
        let inflater = try Inflater(MemorySource([0]), 0..<100)
        let error = #expect(throws: ImageError.self) { _ = try inflater.decode(upTo: 10) }
        #expect(error?.code == .outOfRange)
        let limit = #expect(throws: ImageError.self) { _ = try Inflater(MemorySource([0]), 0..<UInt64.max) }
        #expect(limit?.code == .limit)
    }

    /// Changed data gives the same bytes as from zlib, and ends in the same way.
    @Test(arguments: 0..<10 as Range<UInt64>)
    func changedData(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var ends: [RawDeflate.End] = []
        for round in 0..<500 * LZMA2DifferentialTests.scale {
            let data = Self.changed(&random)
            let ours = try RawDeflate.inflate(data, chunk: Int(random.next() % 2000) + 1, limit: 20_000)
            let theirs = RawDeflate.inflateWithZlib(data, limit: 20_000)
            // zlib finds some codes wrong only where they are used, which may be behind the end.
            let isFoundLater = ours.end == .damage && theirs.end == .cut
            let longer = RawDeflate.inflateWithZlib(data + [UInt8](repeating: 0, count: 64), limit: 20_000)
            #expect(ours == (isFoundLater ? longer : theirs), "seed \(seed), round \(round)")
            ends.append(ours.end)
        }
        // All of it is reached.
        #expect(ends.count { $0 == .stream } > 10 && ends.count { $0 == .damage } > 100)
    }

    /// Decoding of changed data from any place ends, whatever it gives.
    @Test(arguments: 0..<4 as Range<UInt64>)
    func changedDataFromAnyPlace(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: 1000 + seed)
        for _ in 0..<250 * LZMA2DifferentialTests.scale {
            let data = Self.changed(&random)
            let inflater = try Inflater(MemorySource(data), 0..<UInt64(data.count))
            let end = UInt64(data.count) * 8
            for _ in 0..<5 {
                let header = random.next() % 3 == 0 ? 0 : UInt64.random(in: 0...end + 1, using: &random)
                let bit = random.next() % 4 == 0 ? header : UInt64.random(in: 0...end + 1, using: &random)
                let history = Int.random(in: -1...32_769, using: &random)
                let bytes = TestContent.random.bytes(count: Int(random.next() % 20), &random)
                let runs = [UInt8(random.next() & 0x7F), UInt8(bytes.count)]
                do throws(ImageError) {
                    try inflater.restore(
                        blockHeader: header, bit: bit, history: history,
                        .sparse(SparseWindow(runs: runs, bytes: bytes)))
                    if random.next() % 2 == 0 { try inflater.beginCheckpoint() }
                } catch {
                    #expect(error.code == .corrupt)
                }
                _ = inflater.result(chunk: Int(random.next() % 2000) + 1, limit: 10_000)
                // Once more, behind the error.
                _ = inflater.result(limit: 1000)
                #expect(inflater.endCheckpoint().bytes.count <= 32_768)
                #expect(inflater.bit <= end && inflater.blockHeader <= inflater.bit)
            }
        }
    }

    /// Data of zlib with some bits changed, or bytes put in or left out.
    static func changed(_ random: inout SeededGenerator) -> [UInt8] {
        let kind = TestContent.allCases.randomElement(using: &random) ?? .text
        let content = kind.bytes(count: Int(random.next() % 800) + 1, &random)
        let strategies = [Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY] as [Int32]
        let levels = [0, 1, 9, 9] as [Int32]
        var data = RawDeflate.deflate(
            content, level: levels.randomElement(using: &random) ?? 6,
            strategy: strategies.randomElement(using: &random) ?? 0, memory: 1)
        for _ in 0..<Int(random.next() % 4) + 1 {
            // Headers are more interesting than what follows.
            let range = random.next() % 2 == 0 ? min(80, data.count) : data.count
            let index = Int(random.next() % UInt64(range))
            switch random.next() % 8 {
            case 0: data.insert(UInt8(truncatingIfNeeded: random.next()), at: index)
            case 1 where data.count > 1: data.remove(at: index)
            case 2: data[index] = UInt8(truncatingIfNeeded: random.next())
            default: data[index] ^= 1 << UInt8(random.next() % 8)
            }
        }
        return data
    }
}
