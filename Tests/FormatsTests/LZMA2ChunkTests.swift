import TestSupport
import Testing

@testable import VitrineFormats

/// The rules for chunks, with data that keeps or breaks one of them. liblzma has to agree each time.
@Suite struct LZMA2ChunkTests {
    private static let someSymbols: [LZMASymbol] = [
        .literal(65), .literal(66), .match(distance: 2, length: 9), .shortRep, .literal(67),
        .rep(0, length: 5),
    ]

    /// The error of decoding `bytes`, or "" if there is none. liblzma has to end in an error too.
    private func error(_ bytes: [UInt8], limit: UInt64 = 1 << 20) -> String {
        let data = LZMA2Data(bytes, dictionaryBits: 0, limit: limit)
        #expect(throws: ImageError.self, "liblzma") { try data.decodeWithLiblzma() }
        let error = #expect(throws: ImageError.self) { try data.decode() }
        #expect(error?.code == .corrupt)
        return error?.description ?? ""
    }

    private func expectSound(_ writer: LZMA2Writer, limit: UInt64 = 1 << 20) throws {
        let data = LZMA2Data(writer.bytes, dictionaryBits: 0, limit: limit)
        #expect(try data.decode() == writer.output)
        #expect(try data.decodeWithLiblzma() == writer.output)
    }

    /// One chunk of `someSymbols`, and the end mark.
    private func oneChunk(_ reset: LZMA2Writer.Reset = .dictionary) -> LZMA2Writer {
        var writer = LZMA2Writer()
        writer.write(reset, LZMAProperties(), Self.someSymbols)
        writer.end()
        return writer
    }

    private func damaged(_ place: Int, _ count: Int) -> String {
        "LZMA data of the chunk at \(place), \(count) bytes, is damaged"
    }

    // MARK: What chunks reset

    @Test func everyKindOfChunkIsDecoded() throws {
        var writer = LZMA2Writer()
        writer.write(.dictionary, LZMAProperties(), Self.someSymbols)
        for reset in LZMA2Writer.Reset.allCases {
            writer.write(
                reset, reset == .properties ? LZMAProperties(lc: 0, lp: 2, pb: 4) : nil, Self.someSymbols)
            writer.store([1, 2, 3])
            writer.write(
                .nothing, [.shortRep, .rep(1, length: 2), .literal(3), .match(distance: 3, length: 273)])
        }
        writer.store([9], resetsDictionary: true)
        writer.store([8])
        writer.write(.properties, LZMAProperties(lc: 4, lp: 0, pb: 0), Self.someSymbols)
        writer.end()
        try expectSound(writer)
    }

    @Test func noChunkAtAllIsSound() throws {
        var writer = LZMA2Writer()
        writer.end()
        try expectSound(writer)
        try expectSound(writer, limit: 0)
    }

    @Test func whatFollowsTheEndIsNotRead() throws {
        var writer = oneChunk()
        writer.bytes += [0xFF, 0xFF]
        try expectSound(writer)
    }

    @Test(arguments: [LZMA2Writer.Reset.nothing, .state, .properties])
    func theFirstChunkHasToResetTheDictionary(_ reset: LZMA2Writer.Reset) {
        #expect(
            error(oneChunk(reset).bytes)
                == "the first LZMA2 chunk of the block, at 0, does not reset the dictionary")
    }

    @Test func aStoredFirstChunkHasToResetTheDictionary() {
        #expect(
            error([2, 0, 0, 7, 0])
                == "the first LZMA2 chunk of the block, at 0, does not reset the dictionary")
    }

    @Test(arguments: [LZMA2Writer.Reset.nothing, .state], [false, true])
    func propertiesAreNeededAfterAStoredChunkThatResetsTheDictionary(
        _ reset: LZMA2Writer.Reset, _ afterOthers: Bool
    ) {
        var writer = LZMA2Writer()
        if afterOthers { writer.write(.dictionary, LZMAProperties(), Self.someSymbols) }
        writer.store([1, 2, 3], resetsDictionary: true)
        writer.store([4])
        writer.write(reset, Self.someSymbols)
        writer.end()
        #expect(
            error(writer.bytes)
                == "LZMA2 chunk at \(writer.starts.last ?? 0) has no properties, and none were set since the "
                + "last reset")
    }

    // MARK: Headers

    @Test(arguments: [3, 4, 0x10, 0x40, 0x7F] as [UInt8])
    func noOtherByteStartsAChunk(_ control: UInt8) {
        let expected =
            "control byte of an LZMA2 chunk at 4 is \(hex(control)), expected 0x0 to 0x2, or 0x80 and up"
        #expect(error([1, 0, 0, 65, control, 0, 0, 65, 0]) == expected)
    }

    @Test func exactlyTheBytesFrom3To7FStartNoChunk() {
        for control in UInt8.min...UInt8.max {
            #expect((LZMA2Chunk.headerSize(control: control) == nil) == (3...0x7F).contains(control))
        }
    }

    @Test(arguments: [13, 8, 37, 40, 224, 225, 255] as [UInt8])
    func propertiesAreThoseThatLZMA2Allows(_ properties: UInt8) {
        var writer = oneChunk()
        writer.bytes[5] = properties
        #expect(
            error(writer.bytes)
                == "LZMA properties at 5 are \(hex(properties)), expected (pb * 5 + lp) * 9 + lc "
                + "with pb up to 4, and lc + lp up to 4")
    }

    @Test func allPropertiesAreToldApart() {
        let possible = Set(LZMAProperties.all.map(\.byte))
        #expect(possible.count == 75)
        for byte in UInt8.min...UInt8.max {
            let state = LZMAState(properties: byte)
            #expect((state != nil) == possible.contains(byte))
            if let state { #expect(state.properties == byte) }
        }
    }

    // MARK: Ends

    @Test func theEndMayNotBeMissing() {
        var bytes = oneChunk().bytes
        bytes.removeLast()
        #expect(
            error(bytes) == "the data does not end at \(bytes.count), where the index says that it ends")
        #expect(error([]) == "the data does not end at 0, where the index says that it ends")
    }

    @Test func chunksThatAreCutSaySo() {
        var writer = LZMA2Writer()
        writer.store([1, 2, 3], resetsDictionary: true)
        writer.write(.dictionary, LZMAProperties(), Self.someSymbols)
        writer.end()
        let start = writer.starts[1]
        func expected(_ place: Int, _ wanted: Int, _ left: Int) -> String {
            "LZMA2 chunk at \(place) takes \(wanted) more bytes, but the block's data has only \(left) left"
        }
        for left in 1...2 { #expect(error(Array(writer.bytes[..<left])) == expected(0, 3, left)) }
        for left in 0...2 { #expect(error(Array(writer.bytes[..<(3 + left)])) == expected(0, 3, left)) }
        for left in 1...5 {
            #expect(error(Array(writer.bytes[..<(start + left)])) == expected(start, 6, left))
        }
        let size = writer.bytes.count - 1 - start - 6
        for left in 0..<size {
            #expect(error(Array(writer.bytes[..<(start + 6 + left)])) == expected(start, size, left))
        }
    }

    /// The data ends at the end of the range, not at that of the source.
    @Test func dataOutsideTheRangeIsNotRead() throws {
        let bytes = oneChunk().bytes
        let source = ObservedSource(
            [0xFF] + bytes + [0xFF], failing: UInt64(bytes.count + 1)..<UInt64(bytes.count + 2))
        let decoder = try LZMA2Decoder(
            source, 1..<UInt64(bytes.count), dictionary: 4096, size: 100, memoryLimit: .max)
        #expect(try decoder.decodeChunk())
        #expect(decoder.taken() == oneChunk().output)
        let error = #expect(throws: ImageError.self) { try decoder.decodeChunk() }
        #expect(
            error?.description
                == "the data does not end at \(bytes.count), where the index says that it ends")
    }

    @Test func errorsOfTheSourceArePassedOn() throws {
        var writer = oneChunk()
        // More than is read at a time.
        writer.bytes.removeLast()
        for _ in 0..<4 { writer.store([UInt8](repeating: 7, count: 65_536)) }
        let source = ObservedSource(writer.bytes, failing: 200_000..<200_001)
        let decoder = try LZMA2Decoder(
            source, 0..<source.size, dictionary: 4096, size: 1 << 20, memoryLimit: .max)
        let error = #expect(throws: ImageError.self) {
            while try decoder.decodeChunk() { _ = decoder.taken() }
        }
        #expect(error?.description == "bytes 200000 to 200001 are bad")
    }

    @Test func moreThanTheIndexSaysIsAnError() throws {
        let writer = oneChunk()
        let count = UInt64(writer.output.count)
        try expectSound(writer, limit: count)
        #expect(
            error(writer.bytes, limit: count - 1)
                == "LZMA2 chunk at 0 gives \(count) bytes, but by the index the block has \(count - 1) left")
        #expect(
            error([1, 0, 0, 65, 2, 0, 1, 66, 67, 0], limit: 2)
                == "LZMA2 chunk at 4 gives 2 bytes, but by the index the block has 1 left")
    }

    // MARK: The data of a chunk

    @Test func theFirstByteOfTheDataIsZero() {
        var writer = oneChunk()
        let size = writer.bytes.count - 7
        writer.bytes[6] = 1
        #expect(error(writer.bytes) == damaged(0, size))
    }

    @Test(arguments: 1...4)
    func lessThanFiveBytesAreNoLZMAData(_ count: Int) {
        let header = LZMA2Writer.header(control: 0xE0, output: 1, input: count, properties: 93)
        #expect(error(header + [UInt8](repeating: 0, count: count) + [0]) == damaged(0, count))
    }

    @Test func theRangeCoderHasToEndAtZero() {
        for bit in 0..<8 {
            var writer = oneChunk()
            writer.bytes[writer.bytes.count - 2] ^= 1 << UInt8(bit)
            #expect(error(writer.bytes) == damaged(0, writer.bytes.count - 7), "bit \(bit)")
        }
    }

    @Test func allInputHasToBeTaken() {
        let sound = oneChunk()
        let size = sound.bytes.count - 7
        for more in [1, 2, 40] {
            var bytes = sound.bytes
            bytes.insert(contentsOf: [UInt8](repeating: 0, count: more), at: bytes.count - 1)
            bytes[4] = UInt8(size + more - 1)
            #expect(error(bytes) == damaged(0, size + more))
        }
        for less in 1...size - 1 {
            var bytes = sound.bytes
            bytes.removeSubrange(bytes.count - 1 - less..<bytes.count - 1)
            bytes[4] = UInt8(size - less - 1)
            #expect(error(bytes) == damaged(0, size - less))
        }
    }

    @Test func aMatchEndsWithItsChunk() {
        // By 1 byte, and by as much as a match is long at most.
        for (length, size) in [(9, 10), (273, 3), (2, 3)] {
            var writer = LZMA2Writer()
            let symbols: [LZMASymbol] = [.literal(1), .literal(2), .match(distance: 1, length: length)]
            writer.write(.dictionary, LZMAProperties(), symbols, outputSize: size)
            writer.end()
            #expect(error(writer.bytes) == damaged(0, writer.bytes.count - 7))
            var other = LZMA2Writer()
            other.write(
                .dictionary, LZMAProperties(), [.literal(1), .literal(2), .rep(0, length: length)],
                outputSize: size)
            other.end()
            #expect(error(other.bytes) == damaged(0, other.bytes.count - 7))
        }
    }

    @Test func symbolsHaveToFillTheirChunk() {
        for more in [1, 2, 300, 70_000] {
            var writer = LZMA2Writer()
            writer.write(
                .dictionary, LZMAProperties(), Self.someSymbols,
                outputSize: Self.someSymbols.reduce(more) { $0 + $1.count })
            // What the decoder reads on into is not the end of the memory.
            writer.store([UInt8](repeating: 0xFF, count: 1000))
            writer.end()
            #expect(error(writer.bytes) == damaged(0, writer.starts[1] - 6))
        }
    }

    @Test func theLargestChunksAreDecoded() throws {
        var writer = LZMA2Writer()
        writer.write(.dictionary, LZMAProperties()) { encoder in
            let left = LZMA2Writer.maximumOutput - encoder.history.count
            return encoder.history.isEmpty
                ? .literal(7) : left > 1 ? .match(distance: 1, length: min(273, left)) : nil
        }
        var random = SeededGenerator(seed: 1)
        // Bytes that cannot be compressed take all the input that a chunk has.
        writer.write(.nothing) { _ in .literal(UInt8.random(in: 0...255, using: &random)) }
        writer.end()
        #expect(writer.starts[1] < 1000)
        #expect(writer.bytes.count - writer.starts[1] > 65_400)
        try expectSound(writer, limit: 4 << 20)
    }

    // MARK: Memory

    @Test func moreMemoryThanAllowedIsALimitBeforeAnythingIsAllocated() throws {
        let source = ObservedSource(oneChunk().bytes)
        // The system could not give that much, and would be the one to say so.
        let dictionary = UInt64(1) << 50
        func decoder(_ limit: Int) throws(ImageError) -> LZMA2Decoder {
            try LZMA2Decoder(
                source, 0..<source.size, dictionary: dictionary, size: .max >> 1, memoryLimit: limit)
        }
        let impossible = #expect(throws: ImageError.self) { try decoder(.max) }
        #expect(impossible?.description.hasPrefix("the system gives no ") == true)
        let error = #expect(throws: ImageError.self) { try decoder(1 << 30) }
        #expect(error?.code == .limit)
        let memory = dictionary + (18 << 20) + 48 + 64 + (192 << 10) + 6 + 64 + 2 * (1846 + 16 * 768)
        #expect(
            error?.description
                == "decoding takes \(memory) bytes of memory, mostly for the dictionary, more than one decoder may "
                + "take of the memory limit")
        #expect(error?.remedy == Remedy(.memory, "\(((memory / 21 + 1) * 64) >> 20 + 1)M", "would do"))
        #expect(source.bytesRead == 0)
    }

    @Test func theLimitIsKept() throws {
        let source = MemorySource(oneChunk().bytes)
        func decoder(_ limit: Int) throws(ImageError) -> LZMA2Decoder {
            try LZMA2Decoder(
                source, 0..<source.size, dictionary: 1 << 20, size: .max >> 1, memoryLimit: limit)
        }
        // With less memory, the window moves more often; but the dictionary and a chunk have to fit.
        let most = try decoder(.max).memory
        let little = try decoder(4 << 20).memory
        #expect(little < most)
        #expect(little <= 4 << 20)
        #expect(throws: ImageError.self) { try decoder(3 << 20) }
    }

    /// A match cannot refer to data that is not decoded.
    @Test func aLargeDictionaryOfLittleDataTakesLittle() throws {
        let source = MemorySource(oneChunk().bytes)
        let decoder = try LZMA2Decoder(
            source, 0..<source.size, dictionary: 1 << 32, size: 1000, memoryLimit: 1 << 20)
        #expect(try decoder.decodeChunk())
        #expect(decoder.taken() == oneChunk().output)
    }
}
