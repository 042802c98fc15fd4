/// A decoder of a block of LZMA2, or of a part of one, with the block's check.
final class XZDecoder: SeekDecoder {
    private let block: XZBlock
    private let decoder: LZMA2Decoder
    /// The check over the block so far. Nil if it is not computed: nobody needs it, or it cannot go on from a checkpoint.
    private var check: XZCheck.Computation?

    let memory: Int

    private static let zeroes = [UInt8](repeating: 0, count: SeekSpan.pieceSize)

    init(_ block: XZBlock, _ decoder: LZMA2Decoder, _ check: XZCheck.Computation?, records: Bool) {
        self.block = block
        self.decoder = decoder
        self.check = check
        memory = records ? Self.memory(recording: decoder.memory) : decoder.memory
    }

    /// The memory in bytes that a decoder of `decoder` bytes takes if it records: each byte of the dictionary is marked.
    static func memory(recording decoder: Int) -> Int { decoder + decoder / 8 }

    var decoded: UInt64 { decoder.decoded }

    var inputOffset: UInt64 { decoder.inputOffset }

    var available: Int { decoder.available }

    func decodeChunk() throws(ImageError) -> Bool { try decoder.decodeChunk() }

    func skipZeroes(_ limit: Int) -> Int { decoder.skipZeroes(limit) }

    func take(_ limit: Int, into output: inout OutputSpan<UInt8>) { decoder.take(limit, into: &output) }

    func beginCheckpoint() throws(ImageError) -> [UInt8]? {
        guard let checkpoint = try decoder.beginCheckpoint() else { return nil }
        return XZSpanState(check: check?.stored() ?? [], lzma2: checkpoint).bytes
    }

    var recordedBytes: Int { decoder.recordedBytes }

    func endCheckpoint() -> SparseWindow { decoder.endCheckpoint() }

    func check(_ piece: Piece) {
        switch piece {
        case .bytes(let bytes): check?.update(bytes.span)
        case .zeroes(let count): check?.update(Self.zeroes.span.extracting(first: count))
        }
    }

    func finish() throws(ImageError) {
        if block.block.isCut { return }
        guard try !decoder.decodeChunk() else {
            throw ImageError(
                .corrupt, "the data goes on after the \(block.range.count) bytes that the index gives")
        }
        let used = decoder.inputOffset - block.header.data.lowerBound
        try block.header.verifyEnd(of: block.source, block.block, used: used, check)
    }
}
