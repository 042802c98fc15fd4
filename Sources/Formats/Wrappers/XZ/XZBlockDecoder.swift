/// Decodes one block from its start, piece by piece, and checks it at its end.
///
/// It can be parked between two pieces, and continue later.
///
/// @unchecked Sendable: one thread at a time has it. It passes from thread to thread through the cache, under whose
/// lock it is parked and taken.
final class XZBlockDecoder: SequentialDecoder, @unchecked Sendable {
    private let source: any Source
    private let block: XZContainer.Block
    private let uncompressedSize: UInt64
    private let header: XZBlockHeader
    private let decoder: LZMADecoder

    /// Compressed bytes that were read, and the number of them that the decoder has taken.
    private var input: [UInt8] = []
    private var consumed = 0
    /// The offset of `input`'s end, in bytes from the start of the compressed data.
    private var inputEnd: UInt64 = 0
    private var decoded: UInt64 = 0
    private var check: XZCheck.Computation

    private static let inputSize: UInt64 = 64 << 10

    /// The number of the piece that `decodePiece` returns next.
    private(set) var nextPiece = 0

    var cost: Int { decoder.memory + Int(Self.inputSize) }

    /// Always true: decoding can start again only at the start of the block.
    var stay: DecodedCache.Stay { .turn }

    let began = monotonicTime()

    /// Creates a decoder of `block` of `source`, which has `header` and decodes to `uncompressedSize` bytes.
    ///
    /// Throws `limit` if it would take more than `memoryLimit` bytes.
    init(
        of source: any Source, _ block: XZContainer.Block, _ header: XZBlockHeader, uncompressedSize: UInt64,
        memoryLimit: Int
    ) throws(ImageError) {
        self.source = source
        self.block = block
        self.uncompressedSize = uncompressedSize
        self.header = header
        decoder = try LZMADecoder(header.filters, outputSize: uncompressedSize, memoryLimit: memoryLimit)
        check = block.check.computation()
    }

    /// The memory in bytes that a decoder takes for a block that has `header` and decodes to `size` bytes. At most
    /// `limit`, as a decoder that takes more is refused.
    static func memory(_ header: XZBlockHeader, size: UInt64, limit: Int) -> Int {
        let window = min(header.lzma2Dictionary ?? 0, size)
        return Int(min(window + UInt64(inputSize) + otherMemory, UInt64(limit)))
    }

    /// The memory in bytes that liblzma takes besides the dictionary, including the rounding up of the dictionary's
    /// size.
    private static let otherMemory: UInt64 = 256 << 10

    /// True if the whole block has been decoded and checked.
    var isFinished: Bool { decoded == uncompressedSize }

    /// Decodes the next piece. With the last one, checks everything that can be checked.
    func decodePiece() throws(ImageError) -> [UInt8] {
        let count = Int(min(UInt64(SeekSpan.pieceSize), uncompressedSize - decoded))
        let piece = try [UInt8](capacity: count) { output throws(ImageError) in
            while output.freeCapacity > 0 {
                if try step(into: &output) == .end && output.freeCapacity > 0 {
                    throw ImageError(
                        .corrupt,
                        "the data ends after \(decoded + UInt64(output.count)) bytes, "
                            + "the index gives \(uncompressedSize)")
                }
            }
        }
        check.update(piece.span)
        decoded += UInt64(count)
        nextPiece += 1
        if isFinished { try finish() }
        return piece
    }

    private var compressedStart: UInt64 { block.offset + UInt64(header.size) }

    /// Lets the decoder work once. Gives it more input if it has none left.
    private func step(into output: inout OutputSpan<UInt8>) throws(ImageError) -> LZMADecoder.Status {
        let isExhausted = consumed == input.count && inputEnd == header.compressedSize
        if consumed == input.count && !isExhausted {
            let count = min(Self.inputSize, header.compressedSize - inputEnd)
            input = try source.bytes(at: compressedStart + inputEnd, count: Int(count))
            inputEnd += count
            consumed = 0
        }
        let before = (consumed, output.count)
        let status: LZMADecoder.Status
        do throws(ImageError) {
            status = try decoder.decode(input, &consumed, into: &output)
        } catch {
            let place = compressedStart + inputEnd - UInt64(input.count - consumed)
            var error = error
            error.reason += " near \(place)"
            throw error
        }
        if isExhausted && status == .more && before == (consumed, output.count) {
            throw ImageError(
                .corrupt,
                "the data does not end after \(header.compressedSize) compressed bytes, the size that the "
                    + "index gives")
        }
        return status
    }

    /// Checks the data's end marker, the padding and the check behind the last byte of data (sections 3.2 to 3.4).
    private func finish() throws(ImageError) {
        if block.isCut { return }
        // One byte of room: a decoder that fills it has more data than the index says.
        let surplus = try [UInt8](capacity: 1) { output throws(ImageError) in
            while output.freeCapacity > 0, try step(into: &output) == .more {}
        }
        guard surplus.isEmpty else {
            throw ImageError(
                .corrupt, "the data goes on after the \(uncompressedSize) bytes that the index gives")
        }
        let used = inputEnd - UInt64(input.count - consumed)
        try header.verifyEnd(of: source, block, used: used, check)
    }
}
