import TestSupport
import Testing

@testable import VitrineFormats

/// Checkpoints come from seek indexes, which anyone may have written.
@Suite struct LZMA2HostileCheckpointTests {
    private static let properties = LZMAProperties(lc: 0, lp: 0, pb: 0)
    private static let model = [UInt16](repeating: 1024, count: LZMAModel.count(literalBits: 0))

    /// A checkpoint with `history` bytes before it and a model that has seen nothing.
    private func checkpoint(history: Int, state: Int, rep0: UInt32) throws -> LZMA2Checkpoint {
        var lzma = try #require(LZMAState(properties: Self.properties.byte))
        lzma.state = state
        lzma.rep0 = rep0
        return try LZMA2Checkpoint(
            LZMA2Checkpoint(
                lzma: lzma, needsProperties: false, history: UInt64(history), position: 0,
                probabilities: Self.model
            ).bytes)
    }

    /// A writer of chunks after that checkpoint, which can be written as if the history were zeroes.
    private func writer(history: Int, state: Int, rep0: UInt32) -> LZMA2Writer {
        var writer = LZMA2Writer()
        writer.encoder.properties = Self.properties
        writer.encoder.history = [UInt8](repeating: 0, count: history)
        writer.encoder.state = state
        writer.encoder.reps[0] = rep0
        return writer
    }

    private func decoder(_ writer: LZMA2Writer, _ checkpoint: LZMA2Checkpoint) throws(ImageError)
        -> LZMA2Decoder
    {
        try LZMA2Data(writer.bytes, dictionaryBits: 0, limit: 0)
            .decoder(at: 0, size: 8 << 20, from: checkpoint, SparseWindow())
    }

    @Test(arguments: [7, 8, 9, 10, 11], [1, 100, 4096])
    func aDistanceBeforeTheHistoryIsRefused(_ state: Int, _ history: Int) throws {
        for rep0 in [UInt32(history), 5000, 1 << 24, .max - 1, .max] {
            var writer = writer(history: history, state: state, rep0: rep0)
            writer.write(.nothing, [.literal(1)])
            let decoder = try decoder(writer, checkpoint(history: history, state: state, rep0: rep0))
            let error = #expect(throws: ImageError.self) { try decoder.decodeChunk() }
            #expect(error?.code == .corrupt)
            #expect(
                error?.description
                    == "LZMA2 chunk at 0 continues with a distance of \(UInt64(rep0) + 1) bytes, but only "
                    + "\(history) come before it"
            )
        }
    }

    /// In these states, the distance is checked when it is used.
    @Test(arguments: [0, 1, 2, 3, 4, 5, 6], [1, 100, 4096])
    func aDistanceBeforeTheHistoryIsRefusedWhereItIsUsed(_ state: Int, _ history: Int) throws {
        for rep0 in [UInt32(history + 1), 5000, 1 << 24, .max - 1, .max] {
            for symbol in [LZMASymbol.shortRep, .rep(0, length: 5)] {
                var writer = writer(history: history, state: state, rep0: rep0)
                writer.write(.nothing, [.literal(1), symbol])
                let decoder = try decoder(writer, checkpoint(history: history, state: state, rep0: rep0))
                let error = #expect(throws: ImageError.self) { try decoder.decodeChunk() }
                #expect(
                    error?.description
                        == "LZMA data of the chunk at 0, \(writer.bytes.count - 5) bytes, is damaged")
            }
        }
    }

    /// The distance is longer than the dictionary, and a short rep accepts it. Once the window has moved, the byte
    /// would lie before the buffer.
    @Test func aDistanceThatAMoveOfTheWindowPutsBeforeTheBufferIsRefused() throws {
        var writer = writer(history: 4096, state: 0, rep0: 64_000)
        // Almost to the end of the buffer, of 4096 + 2 MiB + 4096 bytes and some slack.
        for _ in 0..<31 { writer.store([UInt8](repeating: 0, count: 65_536)) }
        writer.write(.nothing, [LZMASymbol](repeating: .literal(0), count: 60_000) + [.shortRep])
        let matches = [LZMASymbol](repeating: .match(distance: 1, length: 250), count: 40)
        writer.write(.nothing, [.literal(1)] + matches)
        let decoder = try decoder(writer, checkpoint(history: 4096, state: 0, rep0: 64_000))
        for _ in 0..<32 {
            #expect(try decoder.decodeChunk())
            _ = decoder.taken()
        }
        let error = #expect(throws: ImageError.self) { try decoder.decodeChunk() }
        #expect(
            error?.description
                == "LZMA2 chunk at \(writer.starts[32]) continues with a distance of 64001 bytes, but only 4096 "
                + "come before it"
        )
    }

    @Test func aCheckpointWithoutHistoryHasToBeFollowedByAReset() throws {
        for (reset, isSound) in [
            (LZMA2Writer.Reset.nothing, false), (.state, false), (.properties, false), (.dictionary, true),
        ] {
            var writer = writer(history: 0, state: 0, rep0: 0)
            writer.write(reset, Self.properties, [.literal(1)])
            let decoder = try decoder(writer, checkpoint(history: 0, state: 11, rep0: .max))
            if isSound {
                #expect(try decoder.decodeChunk())
            } else {
                let error = #expect(throws: ImageError.self) { try decoder.decodeChunk() }
                #expect(
                    error?.description
                        == "the first LZMA2 chunk of the block, at 0, does not reset the dictionary")
            }
        }
    }
}
