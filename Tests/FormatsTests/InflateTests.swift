import CZlib
import TestSupport
import Testing

@testable import VitrineFormats

/// `Inflater` gives what zlib gives, wherever it stops on the way.
@Suite struct InflateTests {
    private func check(_ encoded: [UInt8], _ content: [UInt8], _ what: String) throws {
        let result = try RawDeflate.inflate(encoded)
        let isRight = result == RawDeflate.Result(output: content, end: .stream, taken: encoded.count)
        #expect(isRight, "\(what): \(result.end), \(result.output.count) bytes")
    }

    @Test(arguments: TestContent.allCases)
    func contentOfAllKinds(_ kind: TestContent) throws {
        var random = SeededGenerator(seed: 1)
        for count in [0, 1, 2, 100, 5000, 150_000] {
            let content = kind.bytes(count: count, &random)
            for level in [0, 1, 6, 9] as [Int32] {
                try check(
                    RawDeflate.deflate(content, level: level), content, "\(count) bytes, level \(level)")
            }
            for strategy in [Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED] {
                let encoded = RawDeflate.deflate(content, strategy: strategy, memory: 1)
                try check(encoded, content, "\(count) bytes, strategy \(strategy)")
            }
        }
    }

    @Test(arguments: [1, 259])
    func runsOfAllPeriods(_ lead: Int) throws {
        var random = SeededGenerator(seed: 2)
        for period in 1...300 {
            var content = TestContent.random.bytes(count: lead + period, &random)
            for _ in 0..<1000 { content.append(content[content.count - period]) }
            try check(RawDeflate.deflate(content), content, "period \(period)")
        }
    }

    /// Matches of all lengths at all short distances, and others, in one block.
    @Test func matchesOfAllLengths() throws {
        var writer = DeflateWriter()
        writer.beginFixed(isFinal: true)
        var content: [UInt8] = []
        for value in 0..<600 {
            writer.literal(value * 7 & 0xFF)
            content.append(UInt8(value * 7 & 0xFF))
        }
        for distance in Array(1...40) + [63, 64, 65, 257, 258, 259, 600] {
            for length in 3...258 {
                writer.match(length: length, distance: distance)
                for _ in 0..<length { content.append(content[content.count - distance]) }
                writer.literal(length & 0xFF)
                content.append(UInt8(length & 0xFF))
            }
        }
        writer.endBlock()
        try check(writer.bytes, content, "matches")
    }

    /// zlib's encoder stops short of the largest distance.
    @Test func theLargestDistanceIsAllowed() throws {
        var random = SeededGenerator(seed: 3)
        let content = TestContent.random.bytes(count: 32_768, &random)
        var writer = DeflateWriter()
        writer.store(content)
        writer.beginFixed(isFinal: true)
        var all = content
        for length in [3, 258, 100] {
            writer.match(length: length, distance: 32_768)
            for _ in 0..<length { all.append(all[all.count - 32_768]) }
        }
        writer.endBlock()
        try check(writer.bytes, all, "distance 32768")
    }

    /// Complete codes of any shape, of up to 15 bits.
    @Test(arguments: 0..<60 as Range<UInt64>)
    func codesOfAllShapes(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let literals = Self.lengths(Int.random(in: 2...286, using: &random), of: 286, with: 256, &random)
        let distances = Self.lengths(Int.random(in: 2...30, using: &random), of: 30, with: 0, &random)
        var writer = DeflateWriter()
        writer.beginDynamic(literals, distances, isFinal: true)
        let used = literals.indices.filter { literals[$0] > 0 && $0 != 256 }
        let near = distances.indices.filter { distances[$0] > 0 }
        var count = 0
        for _ in 0..<3000 {
            guard let symbol = used.randomElement(using: &random),
                let distance = near.randomElement(using: &random)
            else { continue }
            // A distance of this code is at most this long.
            let reach = 4 << (distance / 2)
            guard symbol < 256 || count >= reach else { continue }
            writer.literal(symbol)
            count += 1
            guard symbol > 256 else { continue }
            writer.write(Int(random.next() & 31), symbol == 285 || symbol < 265 ? 0 : (symbol - 261) / 4)
            writer.distance(distance)
            writer.write(Int(random.next() & 0x1FFF), distance < 2 ? 0 : (distance - 2) / 2)
        }
        writer.endBlock()
        let theirs = RawDeflate.inflateWithZlib(writer.bytes, limit: 1 << 20)
        #expect(theirs.end == .stream)
        try check(writer.bytes, theirs.output, "seed \(seed)")
    }

    /// The lengths of a complete code of `count` symbols among `all`, one of which is `needed`.
    private static func lengths(
        _ count: Int, of all: Int, with needed: Int, _ random: inout SeededGenerator
    ) -> [UInt8] {
        var leaves: [UInt8] = [0]
        // Some codes are deep, others flat.
        let depth = UInt8.random(in: 9...15, using: &random)
        let isDeep = random.next() % 2 == 0
        while leaves.count < count {
            let index = isDeep ? leaves.count - 1 : Int.random(in: 0..<leaves.count, using: &random)
            let place = leaves[index] < depth ? index : leaves.firstIndex { $0 < depth } ?? 0
            leaves[place] += 1
            leaves.append(leaves[place])
        }
        var symbols = Array(0..<all).filter { $0 != needed }.shuffled(using: &random)
        symbols = [needed] + symbols.prefix(count - 1)
        var lengths = [UInt8](repeating: 0, count: all)
        for (symbol, leaf) in zip(symbols, leaves.shuffled(using: &random)) { lengths[symbol] = leaf }
        return lengths
    }

    @Test(arguments: [1, 2, 3, 7, 97, 257, 258, 259, 1000, 4096, 32_768, 131_071, 131_072])
    func decodingStopsAnywhere(_ limit: Int) throws {
        var random = SeededGenerator(seed: UInt64(limit))
        let count = limit < 50 ? 20_000 : 300_000
        let content =
            TestContent.sparse.bytes(count: count / 2, &random)
            + TestContent.mixture.bytes(count: count / 2, &random)
        for level in [0, 6] as [Int32] {
            let encoded = RawDeflate.deflate(content, level: level)
            let inflater = try Inflater(MemorySource(encoded), 0..<UInt64(encoded.count))
            var decoded = 0
            var isRight = true
            while try !inflater.decode(upTo: limit) {
                let count = inflater.available
                #expect(count >= limit && count < limit + 258)
                isRight = isRight && inflater.taken().elementsEqual(content[decoded..<decoded + count])
                decoded += count
                #expect(inflater.blockHeader <= inflater.bit)
                #expect(inflater.history == min(decoded, 32_768))
            }
            isRight = isRight && inflater.taken().elementsEqual(content[decoded...])
            #expect(isRight)
            #expect(inflater.inputLeft == 0 && inflater.bit == UInt64(encoded.count) * 8)
            #expect(try inflater.decode(upTo: limit) && inflater.available == 0)
        }
    }

    /// The source is read in parts. Its data starts and ends anywhere.
    @Test func dataLongerThanABuffer() throws {
        var random = SeededGenerator(seed: 4)
        let content = TestContent.mixture.bytes(count: 800_000, &random)
        for level in [0, 1] as [Int32] {
            let encoded = RawDeflate.deflate(content, level: level)
            #expect(encoded.count > 300_000)
            let source = MemorySource([1, 2, 3] + encoded + [4, 5])
            let inflater = try Inflater(source, 3..<UInt64(encoded.count + 4))
            let result = inflater.result(chunk: 100_000)
            #expect(result.end == .stream)
            let isRight = result.output == content
            #expect(isRight)
            #expect(inflater.inputLeft == 1)
            #expect(try inflater.nextByte() == 4)
            #expect(try inflater.nextByte() == nil)
        }
    }

    @Test func manyEmptyBlocks() throws {
        var writer = DeflateWriter()
        for _ in 0..<20_000 { writer.store([]) }
        writer.beginFixed()
        writer.endBlock()
        for _ in 0..<1000 {
            writer.beginFixed()
            writer.endBlock()
        }
        writer.store([7], isFinal: true)
        try check(writer.bytes, [7], "empty blocks")
    }

    // MARK: Streams in a row

    @Test func streamsShareAChunk() throws {
        var random = SeededGenerator(seed: 5)
        var data: [UInt8] = []
        var all: [UInt8] = []
        for index in 0..<200 {
            let content = TestContent.text.bytes(
                count: index % 7 == 0 ? 0 : Int(random.next() % 3000), &random)
            data += [0xAA] + RawDeflate.deflate(content) + [0x55]
            all += content
        }
        let inflater = try Inflater(MemorySource(data), 0..<UInt64(data.count))
        var output: [UInt8] = []
        while inflater.inputLeft > 0 {
            #expect(try inflater.nextByte() == 0xAA)
            inflater.beginStream()
            #expect(inflater.history == 0)
            var hasEnded = false
            while !hasEnded {
                let before = inflater.available
                hasEnded = try inflater.decode(upTo: 5000 - before)
                let latest = inflater.available - before
                let isSame = inflater.withLatest(latest) { span in
                    span.indices.allSatisfy { span[$0] == all[output.count + before + $0] }
                }
                #expect(isSame)
                if inflater.available >= 5000 { output += inflater.taken() }
            }
            #expect(try inflater.nextByte() == 0x55)
        }
        output += inflater.taken()
        let isRight = output == all
        #expect(isRight)
    }

    @Test func zeroesAreSkipped() throws {
        let content = [UInt8](repeating: 0, count: 70_000) + [1, 0, 0]
        let encoded = RawDeflate.deflate(content)
        let inflater = try Inflater(MemorySource(encoded), 0..<UInt64(encoded.count))
        #expect(try inflater.decode(upTo: 128 << 10))
        #expect(inflater.skipZeroes(65_536) == 65_536)
        #expect(inflater.skipZeroes(65_536) == 0)
        #expect(inflater.skipZeroes(4464) == 4464)
        #expect(inflater.taken() == [1, 0, 0])
        #expect(inflater.skipZeroes(1) == 0)
    }

    @Test func memoryIsModest() {
        #expect(Inflater.memory < 1 << 20)
    }
}
