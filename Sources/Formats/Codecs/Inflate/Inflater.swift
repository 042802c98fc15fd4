/// Decodes deflate data (RFC 1951); can stop and go on at any symbol.
///
/// Not thread-safe: one thread at a time.
package final class Inflater {
    private var input: InflateInput
    private var output: InflateOutput
    private let codes = InflateCodes()
    private var state = State.header
    /// The position of the header of the block that it is in.
    private var header: UInt64
    /// True if that block is the stream's last one.
    private var isFinal = false

    /// True if decoding has ended in an error because the data ends too early. What was decoded before is sound.
    package private(set) var isCut = false

    private enum State {
        /// Before a block.
        case header
        /// In a stored block with this number of bytes left, at least 1.
        case stored(Int)
        /// In a block of symbols.
        case symbols
        /// After a stream.
        case end
        /// In data that is damaged or cut.
        case failed(ImageError)
    }

    /// The memory in bytes that it takes.
    package static var memory: Int { InflateInput.memory + InflateOutput.memory + InflateCodes.memory }

    /// The most bytes that are decoded at once, if the last match ends there.
    package static var maximumChunk: Int { InflateOutput.maximumChunk }

    /// Reads the compressed data in `range` of `source`, from its start.
    package init(_ source: any Source, _ range: Range<UInt64>) throws(ImageError) {
        input = try InflateInput(source, range)
        output = try InflateOutput()
        header = range.lowerBound * 8
    }

    // MARK: Position

    /// The position of the next bit: 8 times the offset of its byte in the source, and its number there, from the lowest on. In a
    /// stored block, that of its next byte.
    package var bit: UInt64 { input.bit }

    /// The position of the header of the block that it is in. Between two blocks, that of the next bit.
    package var blockHeader: UInt64 {
        switch state {
        case .header, .end: input.bit
        case .stored, .symbols, .failed: header
        }
    }

    /// The offset in the source of the byte that holds the next bit.
    package var inputOffset: UInt64 { input.bit / 8 }

    /// The number of bytes of this stream that matches may refer to: up to 32 KiB.
    package var history: Int { output.history }

    // MARK: Bytes around streams

    /// The number of whole bytes left.
    package var inputLeft: UInt64 { input.left }

    /// Takes the next whole byte, between two streams. Returns nil at the end of the data.
    package func nextByte() throws(ImageError) -> UInt8? {
        input.align()
        guard input.left > 0 else { return nil }
        let byte = try unsafe input.fill(1).pointee
        input.take(8)
        return byte
    }

    // MARK: Decoding

    /// Starts a new stream at the next whole byte. Nothing before it may be referred to.
    package func beginStream() {
        input.align()
        output.endHistory()
        state = .header
        isCut = false
    }

    /// Decodes `limit` bytes, and up to 257 more to get to the end of a match, or up to the end of the stream. Returns true at the end
    /// of the stream; the position is that of the next whole byte.
    ///
    /// With the bytes that have not been taken, `limit` is at most `maximumChunk`.
    ///
    /// Throws `corrupt` if the data is damaged or cut, and the errors of reading the source. What was decoded before can be taken.
    package func decode(upTo limit: Int) throws(ImageError) -> Bool {
        output.makeRoom(limit)
        let stop = output.position + limit
        while output.position < stop {
            switch state {
            case .header: try readHeader()
            case .stored(let left): try copy(left, before: stop)
            case .symbols: try decodeSymbols(before: stop)
            case .end: return true
            case .failed(let error): throw error
            }
        }
        if case .end = state { return true }
        return false
    }

    /// Reads the header of the next block. `limit` is the number of bytes from there on that are of use.
    private func readHeader(atMost limit: Int = .max) throws(ImageError) {
        header = input.bit
        let bytes = try unsafe input.fill(InflateBlock.longestHeader, atMost: limit)
        let start = Int(header & 7)
        var bits = unsafe InflateBits(bytes, count: input.filled, from: start)
        guard bits.left > 0 else { throw error(.cut(in: "a stream, before its last block")) }
        let block: InflateBlock
        do throws(InflateFault) {
            block = try InflateBlock(&bits, codes)
        } catch {
            throw self.error(error)
        }
        input.take(bits.position - start)
        isFinal = block.isFinal
        guard let stored = block.stored else {
            state = .symbols
            return
        }
        state = .stored(stored)
        if stored == 0 { endBlock() }
    }

    private func endBlock() {
        if isFinal { input.align() }
        state = isFinal ? .end : .header
    }

    /// Copies bytes of a stored block, of which `left` are left, up to the index `stop` of the output.
    private func copy(_ left: Int, before stop: Int) throws(ImageError) {
        let bytes = try unsafe input.fill(1)
        let count = min(left, stop - output.position, input.filled)
        guard count > 0 else { throw error(.cut(in: "a stored block")) }
        unsafe output.append(bytes, count)
        input.take(8 * count)
        state = .stored(left - count)
        if count == left { endBlock() }
    }

    /// Decodes symbols of a block up to its end, or to the index `stop` of the output.
    private func decodeSymbols(before stop: Int) throws(ImageError) {
        var onlyOne = false
        while output.position < stop {
            let bytes = try unsafe input.fill(InflateInput.slack)
            let place = Int(input.bit & 7)
            let result = unsafe output.decode(
                from: bytes, bit: place, count: input.filled, before: stop, codes, onlyOne: onlyOne)
            unsafe input.take((result.input - bytes) * 8 + result.bit - place)
            switch unsafe result.stop {
            case .pause: break
            case .endOfBlock:
                endBlock()
                return
            case .distance(let distance):
                throw error(
                    .damage(
                        distance > InflateOutput.reach
                            ? "has an invalid distance code"
                            : "distance is \(distance) bytes, but only \(history) come before it"))
            case .literal:
                throw error(.damage("has an invalid literal/length code"))
            case .cut:
                throw error(.cut(in: "a code"))
            }
            onlyOne.toggle()
        }
    }

    /// The error of a fault. Every later call ends in it, too.
    private func error(_ fault: InflateFault) -> ImageError {
        if case .cut = fault { isCut = true }
        let error = fault.error(header: header, end: input.range.upperBound)
        state = .failed(error)
        return error
    }

    // MARK: Output

    /// The number of bytes decoded and not taken.
    package var available: Int { output.available }

    /// Moves up to `limit` decoded bytes to `output`, at most as many as it has room for.
    package func take(_ limit: Int, into output: inout OutputSpan<UInt8>) {
        self.output.take(limit, into: &output)
    }

    /// Skips up to `limit` decoded bytes if all of them are zero. Returns their number, or 0 if they are not.
    package func skipZeroes(_ limit: Int) -> Int {
        output.skipZeroes(limit)
    }

    /// Runs `body` with the last `count` bytes decoded. They were decoded by the last call of `decode`, or not taken before it.
    package func withLatest<Result>(_ count: Int, _ body: (Span<UInt8>) -> Result) -> Result {
        output.withLatest(count, body)
    }

    // MARK: Checkpoints

    /// Starts to record which of the `history` bytes before here are read from here on.
    package func beginCheckpoint() throws(ImageError) {
        try output.beginCheckpoint()
    }

    /// The approximate number of bytes that have been recorded.
    package var recordedBytes: Int { output.recordedBytes }

    /// Ends the recording. Returns the bytes of the checkpoint's window that were read.
    package func endCheckpoint() -> SparseWindow {
        output.endCheckpoint()
    }

    /// Goes on from a checkpoint: at the position `bit`, in the block with this header, after the `history` bytes of `window`.
    ///
    /// Throws `corrupt` if that is not possible, and the errors of reading the source.
    package func restore(
        blockHeader: UInt64, bit: UInt64, history: Int, _ window: CheckpointWindow
    ) throws(ImageError) {
        let range = input.range.lowerBound * 8...input.endBit
        guard range.contains(blockHeader), range.contains(bit), blockHeader <= bit else {
            throw ImageError(
                .corrupt,
                "bit \(bit) of a block at \(blockHeader) cannot be in deflate data at \(range.lowerBound) to \(range.upperBound)"
            )
        }
        guard (0...InflateOutput.reach).contains(history) else {
            throw ImageError(
                .corrupt, "history of a checkpoint is \(history) bytes, expected up to \(InflateOutput.reach)"
            )
        }
        state = .header
        isCut = false
        input.bit = blockHeader
        try output.restore(history, window)
        guard bit > blockHeader else { return }
        let isFar = bit - blockHeader > UInt64(InflateInput.memory) * 8
        try readHeader(atMost: isFar ? InflateBlock.longestHeader : .max)
        try skip(to: bit)
    }

    /// Goes on to the position `bit` of the block whose header has been read.
    private func skip(to bit: UInt64) throws(ImageError) {
        let start = input.bit
        switch state {
        case .symbols where bit >= start:
            input.bit = bit
        case .stored(let count) where bit >= start && bit % 8 == 0 && bit - start < UInt64(count) * 8:
            input.bit = bit
            state = .stored(count - Int((bit - start) / 8))
        default:
            input.bit = header
            state = .header
            throw ImageError(.corrupt, "bit \(bit) cannot be in the deflate block at \(header)")
        }
    }
}
