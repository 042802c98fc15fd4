import TestSupport
import Testing

@testable import VitrineFormats

/// A decoder restored from a checkpoint goes on like the decoder that the checkpoint was taken from.
@Suite struct LZMA2CheckpointTests {
    /// The number of chunks between checkpoints.
    enum Stretches: String, CaseIterable, CustomStringConvertible {
        case one, several, many, random

        var description: String { rawValue }

        func length(_ random: inout SeededGenerator) -> Int {
            switch self {
            case .one: 1
            case .several: 5
            case .many: 60
            case .random: Int.random(in: 1...20, using: &random)
            }
        }
    }

    private func check(_ data: LZMA2Data, _ stretches: Stretches, piece: Int = 64 << 10) throws {
        var random = SeededGenerator(seed: 7)
        let mismatch = try data.mismatchAfterCheckpoints(piece: piece) { stretches.length(&random) }
        #expect(mismatch == nil, "stretches: \(stretches)")
    }

    /// Data of random symbols, with chunks and resets of all kinds. The window of 4 KiB moves again and again.
    @Test(arguments: 1...6 as ClosedRange<UInt64>, Stretches.allCases)
    func everyStretchCanBeDecodedOnItsOwn(_ seed: UInt64, _ stretches: Stretches) throws {
        var random = SeededGenerator(seed: seed)
        let bits = UInt8(seed % 3)
        let program = (0..<1500).map { _ in UInt8.random(in: 0..<0xF8, using: &random) }
        let dictionary = LZMA2Data([], dictionaryBits: bits, limit: 0).dictionary
        let writer = LZMA2Program.run(program, dictionary: Int(dictionary), limit: 3 << 20)
        let data = LZMA2Data(writer.bytes, dictionaryBits: bits, limit: UInt64(writer.output.count))
        let isRight = try data.decode() == writer.output
        #expect(isRight, "seed \(seed)")
        try check(data, stretches)
    }

    @Test(arguments: Stretches.allCases, [61, 64 << 10])
    func zeroesBetweenDoNoHarm(_ stretches: Stretches, _ piece: Int) throws {
        let bytes = LZMA2WindowTests.zeroesAndMatches.bytes
        try check(LZMA2Data(bytes, dictionaryBits: 0, limit: 32 << 20), stretches, piece: piece)
    }

    /// Data of liblzma's encoder, from text that uses the dictionary to its end.
    @Test(arguments: [
        LZMAProperties(), LZMAProperties(lc: 0, lp: 4, pb: 4), LZMAProperties(lc: 1, lp: 3, pb: 0),
    ])
    func whatEncodersWriteCanBeDecodedFromAnywhere(_ properties: LZMAProperties) throws {
        var random = SeededGenerator(seed: 11)
        let content = TestContent.mixture.bytes(count: 300_000, &random)
        let data = LZMA2Data(
            LZMA2Encoding.encode(content, properties, dictionary: 8192, chunkInput: 2000), dictionaryBits: 2,
            limit: UInt64(content.count))
        for stretches in Stretches.allCases { try check(data, stretches) }
    }

    // MARK: What a checkpoint holds

    @Test func bytesOfACheckpointAreThoseOfTheFormat() throws {
        var lzma = try #require(LZMAState(properties: 93))
        lzma.state = 11
        (lzma.rep0, lzma.rep1, lzma.rep2, lzma.rep3) = (1, 0x0203, 0x0405_0607, .max)
        let model = (0..<LZMAModel.count(literalBits: 3)).map { UInt16(31 + $0 % 1987) }
        let checkpoint = LZMA2Checkpoint(
            lzma: lzma, needsProperties: true, history: 0x0102_0304_0506, position: 15, probabilities: model)
        let bytes = checkpoint.bytes
        #expect(bytes.count == 28 + 2 * (1846 + 768 * 8))
        #expect(hex(bytes[..<12]) == "01 5d 0b 0f 01 00 00 00 03 02 00 00")
        #expect(hex(bytes[12..<28]) == "07 06 05 04 ff ff ff ff 06 05 04 03 02 01 00 00")
        #expect(hex(bytes[28..<32]) == "1f 00 20 00")
        #expect(try LZMA2Checkpoint(bytes) == checkpoint)
    }

    @Test func theModelIsLeftOutWhereItIsReset() throws {
        var writer = LZMA2Writer()
        writer.write(.dictionary, LZMAProperties(), [.literal(1), .literal(2)])
        for reset in LZMA2Writer.Reset.allCases { writer.write(reset, [.literal(3), .literal(4)]) }
        writer.store([5])
        writer.store([6], resetsDictionary: true)
        writer.store([7])
        writer.end()
        let decoder = try LZMA2Data(writer.bytes, dictionaryBits: 0, limit: 100).decoder()
        var found: [String] = []
        while let checkpoint = try decoder.beginCheckpoint() {
            found.append(
                "\(checkpoint.probabilities.count) \(checkpoint.history) \(checkpoint.needsProperties)")
            _ = try decoder.decodeChunk()
            _ = decoder.taken()
        }
        #expect(
            found == [
                "0 0 true", "7990 2 false", "0 4 false", "0 6 false", "0 0 true", "7990 2 false", "0 0 true",
                "0 1 true",
            ])
    }

    @Test func thereIsNoCheckpointAtTheEnd() throws {
        for bytes in [[0], []] as [[UInt8]] {
            let decoder = try LZMA2Data(bytes, dictionaryBits: 0, limit: 100).decoder()
            #expect(try decoder.beginCheckpoint() == nil)
            #expect(decoder.endCheckpoint() == SparseWindow())
        }
    }

    /// The window after 200 bytes, 0 to 199, and the output of `before`, for a span that `after` writes.
    private func window(
        _ before: (inout LZMA2Writer) -> Void = { _ in }, after: (inout LZMA2Writer) -> Void
    ) throws -> SparseWindow {
        var writer = LZMA2Writer()
        writer.store((0..<200).map { UInt8($0) }, resetsDictionary: true)
        before(&writer)
        let start = writer.bytes.count
        after(&writer)
        writer.end()
        let data = LZMA2Data(writer.bytes, dictionaryBits: 0, limit: UInt64(writer.output.count))
        let isRight = try data.decode() == writer.output
        #expect(isRight)
        let decoder = try data.decoder()
        while decoder.inputOffset < start {
            _ = try decoder.decodeChunk()
            _ = decoder.taken()
        }
        _ = try decoder.beginCheckpoint()
        while try decoder.decodeChunk() { _ = decoder.taken() }
        return decoder.endCheckpoint()
    }

    /// Bytes that nothing reads are not kept. Runs with small gaps are merged. The last byte is always kept.
    @Test func theWindowHoldsJustWhatIsRead() throws {
        // 100 to 104 and 108 to 110, whose gap is merged; 120 to 122, whose gap is not.
        let window = try window {
            $0.write(
                .properties, LZMAProperties(),
                [
                    .match(distance: 100, length: 5), .match(distance: 97, length: 3),
                    .match(distance: 88, length: 3),
                ])
        }
        #expect(window.runs == [100, 11, 9, 3, 76, 1])
        #expect(window.bytes == Array(100...110) + Array(120...122) + [199])
    }

    /// Single bytes are read by short reps, and by literals after a match, which are coded by the byte at its distance.
    @Test func theWindowHoldsSingleBytesThatAreRead() throws {
        let window = try window {
            $0.write(.properties, LZMAProperties(), [.match(distance: 150, length: 2)])
        } after: {
            $0.write(.nothing, [.literal(1), .literal(2), .match(distance: 100, length: 2), .literal(3)])
            $0.write(.nothing, [.literal(4), .shortRep])
        }
        // 50 and 51 are the history's last bytes; its first are those of 0 to 199. The literal 1 reads 52, the match 104 and
        // 105, the literal 3 reads 106, and the short rep 108.
        #expect(window.runs == [52, 1, 51, 5, 92, 1])
        #expect(window.bytes == [52] + Array(104...108) + [51])
    }

    /// The window keeps bytes that are read before a reset of the dictionary, and before a move of the window.
    @Test(arguments: [false, true])
    func whatIsReadBeforeAResetIsKept(_ isStored: Bool) throws {
        let window = try window {
            $0.write(.properties, LZMAProperties(), [.match(distance: 150, length: 4)])
            if isStored {
                $0.store([1, 2, 3], resetsDictionary: true)
            } else {
                $0.write(.dictionary, LZMAProperties(), [.literal(1), .literal(2)])
            }
            for _ in 0..<40 { $0.store([UInt8](repeating: 9, count: 65_536)) }
            $0.write(.properties, LZMAProperties(), [.match(distance: 4096, length: 9)])
        }
        // A gap of 145, in two bytes.
        #expect(window.runs == [50, 4, 0x91, 1, 1])
        #expect(window.bytes == [50, 51, 52, 53, 199])
    }

    // MARK: Checkpoints that are wrong

    @Test func checkpointsThatCannotBeAreRefused() throws {
        let sound = try soundCheckpoint().bytes
        func error(_ change: (inout [UInt8]) -> Void) -> String {
            var bytes = sound
            change(&bytes)
            let error = #expect(throws: ImageError.self) { try LZMA2Checkpoint(bytes) }
            #expect(error?.code == .corrupt)
            return error?.description ?? ""
        }
        let start = "flags, properties, state and position of a checkpoint are "
        #expect(error { $0[0] = 2 } == start + "02 5d 07 00, which cannot be")
        #expect(error { $0[1] = 225 } == start + "00 e1 07 00, which cannot be")
        #expect(error { $0[1] = 13 } == start + "00 0d 07 00, which cannot be")
        #expect(error { $0[2] = 12 } == start + "00 5d 0c 00, which cannot be")
        #expect(error { $0[3] = 16 } == start + "00 5d 07 10, which cannot be")
        #expect(error { $0[1] = 0 } == "a checkpoint of 16008 bytes does not hold the model it names")
        #expect(error { $0.append(0) } == "a checkpoint of 16009 bytes does not hold the model it names")
        #expect(error { $0.removeLast(2) } == "a checkpoint of 16006 bytes does not hold the model it names")
        #expect(
            error {
                $0[28] = 30; $0[29] = 0
            } == "probability 0 of a checkpoint is 30")
        #expect(
            error {
                $0[30] = 0xE2; $0[31] = 7
            } == "probability 1 of a checkpoint is 2018")
        #expect(error { $0.removeAll() } == "flags of a checkpoint at 0 is cut off after 0 bytes")
        for count in 0..<28 {
            #expect(throws: ImageError.self) { try LZMA2Checkpoint(Array(sound[..<count])) }
        }
        #expect(try LZMA2Checkpoint(Array(sound[..<28])).probabilities.isEmpty)
    }

    @Test func aHistoryLongerThanTheDictionaryIsRefused() throws {
        for history in [4097, 1 << 40, .max] as [UInt64] {
            var checkpoint = try soundCheckpoint()
            checkpoint.history = history
            let error = #expect(throws: ImageError.self) {
                try LZMA2Data([0], dictionaryBits: 0, limit: 0)
                    .decoder(at: 0, size: 100, from: checkpoint, SparseWindow())
            }
            #expect(error?.code == .corrupt)
            #expect(
                error?.description.hasPrefix(
                    "history of a checkpoint is \(history) bytes, more than a dictionary of ")
                    == true)
        }
    }

    @Test func runsOutsideTheWindowAreRefused() throws {
        var checkpoint = try soundCheckpoint()
        checkpoint.history = 100
        func error(_ runs: [UInt8], _ count: Int) -> String {
            let window = SparseWindow(runs: runs, bytes: [UInt8](repeating: 1, count: count))
            let error = #expect(throws: ImageError.self) {
                try LZMA2Data([0], dictionaryBits: 0, limit: 0).decoder(
                    at: 0, size: 100, from: checkpoint, window)
            }
            #expect(error?.code == .corrupt)
            return error?.description ?? ""
        }
        #expect(
            error([99, 2], 2) == "a run of 2 bytes, 99 after 0, passes the end of a window of 100")
        #expect(
            error([10, 5, 80, 6], 11) == "a run of 6 bytes, 80 after 15, passes the end of a window of 100")
        #expect(error([101, 0], 0) == "a run of 0 bytes, 101 after 0, passes the end of a window of 100")
        let huge: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]
        for runs in [huge + [1], [1] + huge, huge + huge, [50, 1] + huge + [1], [50, 1, 1] + huge] {
            #expect(error(runs, 1).hasSuffix("passes the end of a window of 100"))
        }
        #expect(error([10, 5], 4) == "a run of 5 bytes, 10 after 0, passes the end of a window of 100")
        #expect(error([10, 5], 6) == "runs of a window take 5 bytes of 6")
        #expect(
            error([10], 1) == "length of a run in a window would start at 1, where its structure has ended")
        #expect(error([0x80], 1).hasPrefix("gap in a window would start at 1"))
        #expect(error([0x80, 0], 1) == "gap in a window at 0 is stored in more bytes than it needs")
    }

    /// Decoding ends whatever is changed: in an error, or in bytes that only a hash can tell from the right ones.
    @Test func everyChangedByteIsHarmless() throws {
        let (data, offset, checkpoint, window) = try soundStretch()
        let bytes = checkpoint.bytes
        func decode(_ bytes: [UInt8], _ window: SparseWindow) {
            do throws(ImageError) {
                let decoder = try data.decoder(
                    at: offset, size: data.limit, from: LZMA2Checkpoint(bytes), window)
                _ = try decoder.beginCheckpoint()
                while try decoder.decodeChunk() { _ = decoder.taken() }
                _ = decoder.endCheckpoint()
            } catch {
                #expect(error.code == .corrupt)
            }
        }
        var random = SeededGenerator(seed: 5)
        // All of what stands before the model, and some of that.
        for index in Array(0..<28) + (0..<60).map({ _ in Int.random(in: 28..<bytes.count, using: &random) }) {
            for change in [1, 0x80, 0xFF, UInt8.random(in: 2...254, using: &random)] as [UInt8] {
                var changed = bytes
                changed[index] ^= change
                decode(changed, window)
            }
        }
        for index in window.runs.indices.prefix(100) {
            for change in [1, 0x80, 0xFF, UInt8.random(in: 2...254, using: &random)] as [UInt8] {
                var runs = window.runs
                runs[index] ^= change
                decode(bytes, SparseWindow(runs: runs, bytes: window.bytes))
            }
            decode(bytes, SparseWindow(runs: Array(window.runs[..<index]), bytes: window.bytes))
        }
    }

    private func soundCheckpoint() throws -> LZMA2Checkpoint {
        var writer = LZMA2Writer()
        writer.write(
            .dictionary, LZMAProperties(),
            [.literal(1)] + [LZMASymbol](repeating: .match(distance: 1, length: 5), count: 3))
        writer.write(.nothing, [.literal(2)])
        let decoder = try LZMA2Data(writer.bytes, dictionaryBits: 0, limit: 100).decoder()
        _ = try decoder.decodeChunk()
        _ = decoder.taken()
        var checkpoint = try #require(try decoder.beginCheckpoint())
        checkpoint.lzma.state = 7
        checkpoint.position = 0
        return checkpoint
    }

    /// A stretch of a few chunks that are not reset, and the arguments for decoding it.
    private func soundStretch() throws -> (LZMA2Data, UInt64, LZMA2Checkpoint, SparseWindow) {
        var random = SeededGenerator(seed: 6)
        let content = TestContent.text.bytes(count: 20_000, &random)
        let data = LZMA2Data(
            LZMA2Encoding.encode(content, LZMAProperties(), dictionary: 4096, chunkInput: 1000),
            dictionaryBits: 0, limit: UInt64(content.count))
        let decoder = try data.decoder()
        while decoder.inputOffset < data.bytes.count / 2 {
            _ = try decoder.decodeChunk()
            _ = decoder.taken()
        }
        let offset = decoder.inputOffset
        let checkpoint = try #require(try decoder.beginCheckpoint())
        try #require(!checkpoint.probabilities.isEmpty)
        while try decoder.decodeChunk() { _ = decoder.taken() }
        return (data, offset, checkpoint, decoder.endCheckpoint())
    }
}
