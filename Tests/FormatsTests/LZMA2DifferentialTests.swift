import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

/// Compares Vitrine's decoder with liblzma's, on data of liblzma's encoder and on random data of every kind.
///
/// VITRINE_TEST_SCALE=N in the environment makes the data N times larger, and N times more of it.
@Suite struct LZMA2DifferentialTests {
    static let scale = max(
        1, ProcessInfo.processInfo.environment["VITRINE_TEST_SCALE"].flatMap { Int($0) } ?? 1)

    private func check(_ encoded: [UInt8], _ content: [UInt8], bits: UInt8, _ what: String) throws {
        let data = LZMA2Data(encoded, dictionaryBits: bits, limit: UInt64(content.count))
        let isRight = try data.decode() == content
        #expect(isRight, "\(what)")
        let isLiblzmaRight = try data.decodeWithLiblzma() == content
        #expect(isLiblzmaRight, "liblzma: \(what)")
    }

    @Test(arguments: TestContent.allCases, LZMAProperties.all)
    func contentOfAllKindsWithAllProperties(_ kind: TestContent, _ properties: LZMAProperties) throws {
        for round in 0..<Self.scale {
            var random = SeededGenerator(seed: UInt64(round) << 8 + UInt64(properties.byte))
            let content = kind.bytes(count: Int(random.next() % UInt64(30_000 * Self.scale)), &random)
            let other = LZMAProperties.all.randomElement(using: &random)
            let chunk = [nil, 100, 3000].randomElement(using: &random) ?? nil
            let encoded = LZMA2Encoding.encode(
                content, properties, dictionary: 4096, chunkInput: chunk, change: other,
                isFast: random.next() % 4 != 0)
            try check(
                encoded, content, bits: 0, "round \(round), \(content.count) bytes, change \(other as Any)")
        }
    }

    /// Dictionaries of 4 KiB to 64 MiB. The decoded data is larger than the smaller ones.
    @Test(arguments: 0...28 as ClosedRange<UInt8>)
    func dictionariesOfAllSizes(_ bits: UInt8) throws {
        var random = SeededGenerator(seed: UInt64(bits))
        let dictionary = LZMA2Data([], dictionaryBits: bits, limit: 0).dictionary
        for kind in [TestContent.mixture, .sparse, .runs] {
            let content = kind.bytes(count: 200_000 * Self.scale, &random)
            let encoded = LZMA2Encoding.encode(content, LZMAProperties(), dictionary: Int(dictionary))
            try check(encoded, content, bits: bits, "\(kind), \(dictionary) bytes of dictionary")
        }
    }

    @Test(arguments: TestContent.allCases)
    func smallSizes(_ kind: TestContent) throws {
        var random = SeededGenerator(seed: 3)
        for count in Array(0...40) + [255, 256, 257, 4095, 4096, 4097] {
            let content = kind.bytes(count: count, &random)
            let encoded = LZMA2Encoding.encode(content, LZMAProperties(), dictionary: 4096)
            try check(encoded, content, bits: 0, "\(count) bytes")
        }
    }

    /// A chunk of LZMA data gives at most 2 MiB, a stored one at most 64 KiB.
    @Test(arguments: [TestContent.zeroes, .random, .runs, .sparse])
    func someMiBAtOnce(_ kind: TestContent) throws {
        var random = SeededGenerator(seed: 4)
        let count = (kind == .random ? 1 << 20 : 5 << 20) + 12_345
        let content = kind.bytes(count: count, &random)
        for bits in [0, 18] as [UInt8] {
            let dictionary = Int(LZMA2Data([], dictionaryBits: bits, limit: 0).dictionary)
            let encoded = LZMA2Encoding.encode(content, LZMAProperties(), dictionary: dictionary)
            try check(encoded, content, bits: bits, "\(dictionary) bytes of dictionary")
        }
    }

    /// Each part resets the dictionary. Its end mark is left out.
    @Test(arguments: 0..<4 as Range<UInt64>)
    func partsInARow(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for round in 0..<5 * Self.scale {
            var encoded: [UInt8] = []
            var all: [UInt8] = []
            for _ in 0..<5 {
                let kind = try #require(TestContent.allCases.randomElement(using: &random))
                let content = kind.bytes(count: Int(random.next() % 50_000), &random)
                let properties = try #require(LZMAProperties.all.randomElement(using: &random))
                encoded += LZMA2Encoding.encode(content, properties, dictionary: 8192).dropLast()
                all += content
            }
            try check(encoded + [0], all, bits: 2, "seed \(seed), round \(round)")
        }
    }

    // MARK: What no encoder writes

    @Test(arguments: 0..<8 as Range<UInt64>)
    func randomSymbols(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for round in 0..<12 * Self.scale {
            let (data, output) = Self.program(&random, length: Int(random.next() % 600), below: 0xF8)
            let isRight = try data.decode() == output
            #expect(isRight, "seed \(seed), round \(round)")
            let isLiblzmaRight = try data.decodeWithLiblzma() == output
            #expect(isLiblzmaRight, "liblzma: seed \(seed), round \(round)")
        }
    }

    /// Hostile symbols, and changed bytes: both decoders refuse the data, or both give the same.
    @Test(arguments: 0..<8 as Range<UInt64>)
    func damagedData(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: 100 + seed)
        var refused = 0
        let rounds = 60 * Self.scale
        for round in 0..<rounds {
            var (data, _) = Self.program(&random, length: Int(random.next() % 60), below: 0xFF)
            data.limit = 1 << 20
            for _ in 0..<random.next() % 4 {
                let index = Int(random.next() % UInt64(data.bytes.count))
                data.bytes[index] = UInt8(truncatingIfNeeded: random.next())
            }
            let ours = Result { try data.decode() }
            let theirs = Result { try data.decodeWithLiblzma() }
            switch (ours, theirs) {
            case (.success(let ours), .success(let theirs)):
                let isSame = ours == theirs
                #expect(isSame, "seed \(100 + seed), round \(round)")
            case (.failure, .failure): refused += 1
            default: Issue.record("only one refuses: seed \(100 + seed), round \(round)")
            }
        }
        #expect((1..<rounds).contains(refused))
    }

    private static func program(_ random: inout SeededGenerator, length: Int, below limit: UInt8) -> (
        LZMA2Data, [UInt8]
    ) {
        let bits = UInt8(random.next() % 4)
        let dictionary = Int(LZMA2Data([], dictionaryBits: bits, limit: 0).dictionary)
        let bytes = (0..<length).map { _ in UInt8.random(in: 0..<limit, using: &random) }
        let writer = LZMA2Program.run(bytes, dictionary: dictionary, limit: 300_000)
        return (
            LZMA2Data(writer.bytes, dictionaryBits: bits, limit: UInt64(writer.output.count)), writer.output
        )
    }
}
