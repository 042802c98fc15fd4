import TestSupport
import Testing

@testable import VitrineFormats

/// Checks what matches may refer to, and when the window moves and is forgotten.
@Suite struct LZMA2WindowTests {
    private func damaged(_ writer: LZMA2Writer, dictionaryBits: UInt8 = 0) {
        let data = LZMA2Data(writer.bytes, dictionaryBits: dictionaryBits, limit: 8 << 20)
        #expect(throws: ImageError.self, "liblzma") { try data.decodeWithLiblzma() }
        let error = #expect(throws: ImageError.self) { try data.decode() }
        let start = writer.starts.last ?? 0
        let header = writer.bytes[start] >= 0xC0 ? 6 : 5
        let size = writer.bytes.count - 1 - start - header
        #expect(error?.description == "LZMA data of the chunk at \(start), \(size) bytes, is damaged")
    }

    private func expectSound(_ writer: LZMA2Writer, dictionaryBits: UInt8 = 0) throws {
        let data = LZMA2Data(writer.bytes, dictionaryBits: dictionaryBits, limit: 8 << 20)
        // Not through #expect, which would print them.
        let isRight = try data.decode() == writer.output
        #expect(isRight)
        let isLiblzmaRight = try data.decodeWithLiblzma() == writer.output
        #expect(isLiblzmaRight)
    }

    private func stored(_ count: Int, seed: UInt64 = 1, resetsDictionary: Bool = true) -> LZMA2Writer {
        var writer = LZMA2Writer()
        writer.store(noise(count, seed), resetsDictionary: resetsDictionary)
        return writer
    }

    private func noise(_ count: Int, _ seed: UInt64) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    // MARK: Distances

    @Test(arguments: [1, 2, 15, 16, 17, 300])
    func noDistanceReachesBeforeTheStart(_ history: Int) throws {
        for isSound in [true, false] {
            var writer = stored(history)
            let distance = UInt64(history + (isSound ? 0 : 1))
            writer.write(.properties, LZMAProperties(), [.match(distance: distance, length: 2)])
            writer.end()
            if isSound { try expectSound(writer) } else { damaged(writer) }
        }
    }

    /// A symbol at the very start has nothing to refer to.
    @Test func nothingCanBeRepeatedAtTheStart() {
        let first: [LZMASymbol] = [
            .shortRep, .rep(0, length: 2), .rep(1, length: 2), .rep(2, length: 2), .rep(3, length: 273),
            .match(distance: 1, length: 2),
        ]
        for symbol in first {
            var writer = LZMA2Writer()
            writer.write(.dictionary, LZMAProperties(), [symbol])
            writer.end()
            damaged(writer)
        }
    }

    @Test func theLastFourDistancesStartAsOneByte() throws {
        for index in 0..<4 {
            var writer = stored(1)
            writer.write(.properties, LZMAProperties(), [.rep(index, length: 5), .literal(3), .shortRep])
            writer.end()
            try expectSound(writer)
        }
    }

    @Test func endMarkersOfLZMAAreRefused() {
        var writer = stored(100)
        writer.write(.properties, LZMAProperties(), [.literal(1), .match(distance: 1 << 32, length: 2)])
        writer.end()
        damaged(writer)
    }

    @Test func veryLongDistancesAreRefused() {
        for distance in [1 << 31, 1 << 31 + 1, 1 << 32 - 1, 1 << 32 - 16] as [UInt64] {
            var writer = stored(100)
            writer.write(.properties, LZMAProperties(), [.match(distance: distance, length: 4)])
            writer.end()
            damaged(writer)
        }
    }

    /// A match cannot refer to bytes that another decoder has forgotten, even if they are still in the buffer, as those
    /// before a chunk are until its end.
    @Test(arguments: [(0, 4096), (1, 6144), (2, 8192)])
    func noDistanceIsLongerThanTheDictionary(_ bits: Int, _ dictionary: Int) throws {
        for distance in [dictionary - 1, dictionary, dictionary + 1, dictionary + 15, dictionary + 500] {
            var writer = stored(dictionary + 100)
            writer.write(
                .properties, LZMAProperties(),
                [.match(distance: 1, length: 273), .rep(0, length: 273)]
                    + [.match(distance: UInt64(distance), length: 40)])
            writer.end()
            if distance <= dictionary {
                try expectSound(writer, dictionaryBits: UInt8(bits))
            } else {
                damaged(writer, dictionaryBits: UInt8(bits))
            }
        }
    }

    @Test func matchesOfAllDistancesAndLengthsCopyTheRightBytes() throws {
        var writer = stored(600)
        for distance in Array(1...70) + [127, 128, 255, 256, 511, 512, 600] {
            let lengths = [2, 3, 9, 10, 15, 16, 17, 18, 31, 32, 33, 63, 64, 65, 66, 100, 272, 273]
            writer.write(
                .properties, LZMAProperties(),
                lengths.map { .match(distance: UInt64(distance), length: $0) })
        }
        writer.end()
        try expectSound(writer, dictionaryBits: 12)
    }

    // MARK: Resets of the dictionary within a block

    @Test(arguments: [false, true])
    func whatWasBeforeAResetIsGone(_ isStored: Bool) throws {
        for distance in 1...3 {
            var writer = stored(1000)
            writer.write(.properties, LZMAProperties(), [.literal(1), .match(distance: 700, length: 100)])
            if isStored {
                writer.store([1, 2], resetsDictionary: true)
                writer.write(.properties, LZMAProperties(), [.match(distance: UInt64(distance), length: 2)])
            } else {
                let symbols: [LZMASymbol] = [
                    .literal(1), .literal(2), .match(distance: UInt64(distance), length: 2),
                ]
                writer.write(.dictionary, LZMAProperties(), symbols)
            }
            writer.end()
            if distance <= 2 { try expectSound(writer) } else { damaged(writer) }
        }
    }

    /// The second literal is coded in the context of the first one only if the byte before both counts as 0. The byte
    /// in its place in the buffer is not 0, before and after a move of the window.
    @Test(arguments: [1, 40])
    func theByteBeforeAResetCountsAsZero(_ storedChunks: Int) throws {
        var writer = LZMA2Writer()
        for index in 0..<storedChunks {
            writer.store([UInt8](repeating: 0xFF, count: 65_536), resetsDictionary: index == 0)
        }
        for _ in 0..<2 {
            writer.write(
                .dictionary, LZMAProperties(lc: 4, lp: 0, pb: 0),
                [.literal(0), .literal(0), .literal(1), .literal(0), .literal(0xFF)])
        }
        writer.end()
        try expectSound(writer)
    }

    @Test(arguments: [false, true])
    func positionsStartAnewAfterAReset(_ isStored: Bool) throws {
        var writer = stored(1007)
        writer.write(
            .properties, LZMAProperties(lc: 0, lp: 4, pb: 4), [.literal(1), .match(distance: 1, length: 5)])
        if isStored {
            writer.store([1, 2, 3], resetsDictionary: true)
        } else {
            writer.write(
                .dictionary, LZMAProperties(lc: 0, lp: 4, pb: 4), [.literal(1), .shortRep, .literal(3)])
        }
        writer.store([5])
        writer.end()
        let decoder = try LZMA2Data(writer.bytes, dictionaryBits: 0, limit: 1 << 20).decoder()
        for position in [nil, 15, 5, 3] as [Int?] {
            if let position {
                #expect(try decoder.beginCheckpoint()?.position == UInt8(position))
            }
            _ = try decoder.decodeChunk()
            _ = decoder.taken()
        }
    }

    // MARK: Positions

    /// Writes a few symbols whose models are chosen by their positions, at every position.
    private func write(_ writer: inout LZMA2Writer, _ reset: LZMA2Writer.Reset, _ properties: LZMAProperties)
    {
        var symbols: [LZMASymbol] = []
        for index in 0..<40 {
            symbols += [
                .literal(UInt8(index * 7 & 0xFF)), .literal(UInt8(index)), .shortRep, .rep(1, length: 3),
            ]
            symbols += [.match(distance: UInt64(index % 20 + 1), length: 2 + index % 19), .literal(0xAA)]
        }
        writer.write(reset, properties, symbols)
    }

    @Test(arguments: LZMAProperties.all)
    func positionsGoOnAcrossChunksAndResetsOfTheState(_ properties: LZMAProperties) throws {
        var writer = LZMA2Writer()
        write(&writer, .dictionary, properties)
        writer.store(noise(5, 3))
        write(&writer, .nothing, properties)
        write(&writer, .state, properties)
        writer.store(noise(3, 4))
        write(&writer, .nothing, properties)
        writer.store(noise(8, 5))
        write(&writer, .properties, properties)
        write(&writer, .nothing, properties)
        writer.end()
        try expectSound(writer)
    }

    /// The buffer holds 2 MiB and a little: the window moves once in the first part, and again in the second.
    @Test(arguments: [(0, 4, 4), (4, 0, 4), (2, 2, 3), (3, 0, 2)])
    func positionsAndDistancesSurviveMovesOfTheWindow(_ lc: Int, _ lp: Int, _ pb: Int) throws {
        let properties = LZMAProperties(lc: lc, lp: lp, pb: pb)
        var writer = stored(4096)
        write(&writer, .properties, properties)
        for index in 0..<72 {
            writer.store(noise(65_000 + index * 5, UInt64(index)))
            // The oldest byte there is, and then with the state of a match into the next chunk.
            writer.write(
                .nothing,
                [.match(distance: 4096, length: 7), .literal(1), .match(distance: 4095, length: 273)])
            write(&writer, .nothing, properties)
            writer.write(.nothing, [.match(distance: 4096, length: 2 + index % 2)])
            writer.write(.nothing, [.literal(UInt8(index)), .shortRep])
            writer.write(.nothing, [.literal(UInt8(index)), .rep(2, length: 20)])
        }
        writer.end()
        try expectSound(writer)
    }

    @Test func distancesBeforeAMovedWindowAreRefused() {
        for distance in [4097, 5000, 65_000] as [UInt64] {
            var writer = stored(65_536)
            for index in 0..<40 { writer.store(noise(65_536, UInt64(index))) }
            writer.write(.properties, LZMAProperties(), [.match(distance: distance, length: 2)])
            writer.end()
            damaged(writer)
        }
    }

    // MARK: Zeroes

    /// More than 1 MiB of zeroes: the window goes back within them, and does not have to move.
    @Test(arguments: [61, 4096, 64 << 10, 2 << 20])
    func windowsMoveWithinZeroes(_ piece: Int) throws {
        let writer = Self.zeroesAndMatches
        let data = LZMA2Data(writer.bytes, dictionaryBits: 0, limit: 32 << 20)
        let decoder = try data.decoder()
        var output: [UInt8] = []
        while try decoder.decodeChunk() { output += decoder.taken(piece: piece) }
        let isRight = output == writer.output
        #expect(isRight)
        let isLiblzmaRight = try data.decodeWithLiblzma() == writer.output
        #expect(isLiblzmaRight)
    }

    /// Runs of zeroes that end at no multiple of anything, and between them symbols that refer to either end of the
    /// window.
    static let zeroesAndMatches: LZMA2Writer = {
        var random = SeededGenerator(seed: 2)
        var writer = LZMA2Writer()
        writer.store(
            (0..<5000).map { _ in UInt8.random(in: 0...255, using: &random) }, resetsDictionary: true)
        let properties = LZMAProperties(lc: 0, lp: 4, pb: 4)
        writer.write(.properties, properties, [.literal(1), .match(distance: 4096, length: 9)])
        for round in 0..<5 {
            var left = 1 << 20 + 1000 * round + 5
            while left > 0 {
                var isFirst = true
                // Chunks of all sizes: the window goes back between chunks.
                var chunk = min(left, Int.random(in: 1...400_000, using: &random))
                left -= chunk
                writer.write(.nothing) { _ in
                    guard chunk > 0 else { return nil }
                    let length = isFirst || chunk == 1 ? 1 : min(chunk, 273)
                    defer { isFirst = false }
                    chunk -= length
                    return length == 1 ? .literal(0) : .match(distance: 1, length: length)
                }
            }
            writer.write(
                .nothing,
                [.literal(UInt8(round + 1)), .match(distance: 4096, length: 5), .shortRep, .literal(0)])
            writer.write(.nothing, [.literal(7), .rep(1, length: 273), .match(distance: 274, length: 100)])
            if round == 2 { writer.store([UInt8](repeating: 0, count: 60_001)) }
        }
        writer.end()
        return writer
    }()
}
