import Glibc

/// Decodes LZMA2 chunk by chunk, from the start of a block or from a checkpoint.
///
/// It decodes into a buffer that is its window, too: a match is copied from its place there. If the buffer is full, the
/// bytes that matches may still refer to are moved to its start.
///
/// Not thread-safe: one thread at a time.
///
/// @safe: pointers into the buffers are made for one call, from indexes that are checked here.
@safe package final class LZMA2Decoder {
    private var input: LZMA2Input
    private let window: Pages
    private let model: UnsafeMutablePointer<UInt16>
    private var lzma = LZMAState()
    private var needsProperties = true
    private var needsDictionaryReset = true

    /// The number of bytes that may still be decoded.
    private var left: UInt64
    /// The number of bytes decoded so far.
    package private(set) var decoded: UInt64 = 0

    /// The largest distance of a match, in bytes.
    private let dictionary: Int
    /// The index in the window of the oldest byte that matches may refer to.
    private var oldest = LZMA2Decoder.alignment
    /// The index of the next byte. Its low four bits equal those of the position since the dictionary was reset.
    private var position = LZMA2Decoder.alignment
    /// The index of the first byte that has not been taken.
    private var taken = LZMA2Decoder.alignment

    /// The start of a run of zeroes that ends at `taken`.
    private var zeroesStart = LZMA2Decoder.alignment

    private var recorder: WindowRecorder?
    /// The index in the window of the first byte after the checkpoint: negative once that byte has moved out. Nil while
    /// nothing is recorded.
    private var checkpoint: Int?

    /// The number of surplus zeroes, in bytes, from which the position goes back.
    private static let zeroStep = 1 << 20

    /// The alignment of positions: models are chosen by up to four low bits of a position.
    private static let alignment = 16

    /// The memory in bytes that the decoder takes.
    package let memory: Int

    /// The length in bytes of the window for a dictionary of `dictionary` bytes, if `size` bytes are decoded.
    private static func windowSize(_ dictionary: UInt64, _ size: UInt64) -> UInt64 {
        // Matches cannot refer to bytes that do not exist. liblzma has no dictionary under 4 KiB.
        (min(max(dictionary, 4096), max(size, 4096)) + 15) & ~15
    }

    /// The size of the buffer for a window of `dictionary` bytes, if `size` bytes are decoded: the window, room for a
    /// chunk, and, unless memory is short, more room so that the window moves rarely.
    private static func bufferSize(_ dictionary: UInt64, _ size: UInt64, _ memoryLimit: Int) -> UInt64 {
        let rarity = min(dictionary, 16 << 20, UInt64(memoryLimit / 8))
        let room = UInt64(LZMA2Chunk.maximumOutput) + rarity
        return min(dictionary + room, dictionary + size) + UInt64(3 * alignment + LZMAState.slack)
    }

    /// The memory in bytes that a decoder takes besides its buffer.
    private static let fixedMemory = UInt64(LZMA2Input.memory + LZMAModel.maximumCount * 2)

    /// The most memory in bytes that a decoder takes for data with a dictionary of `dictionary` bytes that decodes to
    /// `size` bytes, wherever it starts.
    static func memory(dictionary: UInt64, size: UInt64, memoryLimit: Int) -> Int {
        let most = bufferSize(windowSize(dictionary, size), size, memoryLimit) + fixedMemory
        return Int(min(most, UInt64(memoryLimit)))
    }

    /// Creates a decoder of the LZMA2 data in `range` of `source`, from its start or from a checkpoint.
    ///
    /// `dictionary` is the size in bytes that the file asks for, and `size` the most bytes that will be decoded. Throws
    /// `limit`, before anything is allocated, if the decoder would take more than `memoryLimit` bytes, and `corrupt` if
    /// the checkpoint is not possible.
    package init(
        _ source: any Source, _ range: Range<UInt64>, dictionary: UInt64, size: UInt64,
        from start: (checkpoint: LZMA2Checkpoint, window: CheckpointWindow)? = nil, memoryLimit: Int
    ) throws(ImageError) {
        let history = start?.checkpoint.history ?? 0
        let (all, overflow) = size.addingReportingOverflow(history)
        let dictionary = Self.windowSize(dictionary, overflow ? .max : all)
        guard history <= dictionary else {
            throw ImageError(
                .corrupt,
                "history of a checkpoint is \(history) bytes, more than a dictionary of \(dictionary)")
        }
        let bufferSize = Self.bufferSize(dictionary, size, memoryLimit)
        let memory = bufferSize + Self.fixedMemory
        guard memory <= UInt64(memoryLimit) else {
            throw DecoderLimit.error(memory: memory)
        }
        self.memory = Int(memory)
        left = size
        self.dictionary = Int(dictionary)
        input = try LZMA2Input(source, range)
        window = try Pages(count: Int(bufferSize))
        unsafe model = .allocate(capacity: LZMAModel.maximumCount)
        unsafe model.initialize(repeating: LZMAModel.initial, count: LZMAModel.maximumCount)
        if let start { try restore(start.checkpoint, start.window) }
    }

    deinit {
        unsafe model.deallocate()
    }

    // MARK: Decoding

    /// The offset of the next chunk in the source.
    package var inputOffset: UInt64 { input.offset }

    /// The number of bytes decoded and not taken.
    package var available: Int { position - taken }

    /// Moves up to `limit` decoded bytes to `output`, at most as many as it has room for.
    package func take(_ limit: Int, into output: inout OutputSpan<UInt8>) {
        let count = min(limit, available, output.freeCapacity)
        unsafe output.withUnsafeMutableBufferPointer { target, filled in
            let bytes = unsafe UnsafeBufferPointer(start: window.start + taken, count: count)
            _ = unsafe target.extracting(filled...).update(fromContentsOf: bytes)
            filled += count
        }
        taken += count
        zeroesStart = taken
    }

    /// Skips up to `limit` decoded bytes if all of them are zero. Returns their number, or 0 if they are not.
    package func skipZeroes(_ limit: Int) -> Int {
        let count = min(limit, available)
        let bytes = unsafe UnsafeRawBufferPointer(start: window.start + taken, count: count)
        guard unsafe bytes.areZeroes else { return 0 }
        taken += count
        return count
    }

    /// Decodes the next chunk. Returns false if the data ends instead. The bytes decoded before must have been taken.
    ///
    /// Throws `corrupt` if the data is not LZMA2, and the errors of reading the source.
    package func decodeChunk() throws(ImageError) -> Bool {
        precondition(available == 0, "a chunk may take the place of bytes that nobody has taken")
        let place = input.offset
        switch try nextChunk() {
        case .end:
            return false
        case .stored(let resetsDictionary, let count):
            if resetsDictionary { resetDictionary(andProperties: true) }
            try requireDictionary(place)
            try makeRoom(count, place)
            guard let bytes = try unsafe input.peek(count) else { throw cut(count, place) }
            unsafe memcpy(window.start + position, bytes, count)
            input.take(count)
            position += count
        case .lzma(let reset, let properties, let inputSize, let outputSize):
            try prepare(reset, properties, place)
            try makeRoom(outputSize, place)
            guard let bytes = try unsafe input.peek(inputSize) else { throw cut(inputSize, place) }
            let isSound = unsafe decode(bytes, inputSize, outputSize)
            guard isSound else {
                throw ImageError(
                    .corrupt, "LZMA data of the chunk at \(place), \(inputSize) bytes, is damaged")
            }
            input.take(inputSize)
            position += outputSize
        }
        return true
    }

    /// Reads the header of the next chunk.
    private func nextChunk() throws(ImageError) -> LZMA2Chunk {
        let place = input.offset
        guard let control = try unsafe input.peek(1)?.pointee else {
            throw ImageError(
                .corrupt, "the data does not end at \(input.end), where the index says that it ends")
        }
        guard let size = LZMA2Chunk.headerSize(control: control) else {
            throw ImageError(
                .corrupt,
                "control byte of an LZMA2 chunk at \(place) is \(hex(control)), expected 0x0 to 0x2, or 0x80 and up"
            )
        }
        guard let bytes = try unsafe input.peek(size) else { throw cut(size, place) }
        let header = unsafe Array(UnsafeBufferPointer(start: bytes, count: size))
        input.take(size)
        return LZMA2Chunk(header)
    }

    private func cut(_ count: Int, _ place: UInt64) -> ImageError {
        ImageError(
            .corrupt,
            "LZMA2 chunk at \(place) takes \(count) more bytes, but the block's data has only \(input.left) "
                + "left")
    }

    private func requireDictionary(_ place: UInt64) throws(ImageError) {
        guard !needsDictionaryReset else {
            throw ImageError(
                .corrupt, "the first LZMA2 chunk of the block, at \(place), does not reset the dictionary")
        }
    }

    private func prepare(
        _ reset: LZMA2Chunk.Reset, _ properties: UInt8, _ place: UInt64
    ) throws(ImageError) {
        if reset == .dictionary { resetDictionary(andProperties: true) }
        try requireDictionary(place)
        switch reset {
        case .nothing, .state:
            guard !needsProperties else {
                throw ImageError(
                    .corrupt,
                    "LZMA2 chunk at \(place) has no properties, and none were set since the last reset")
            }
            if reset == .state {
                lzma.reset()
                resetModel()
            }
        case .properties, .dictionary:
            guard let state = LZMAState(properties: properties) else {
                throw ImageError(
                    .corrupt,
                    "LZMA properties at \(place + 5) are \(hex(properties)), expected (pb * 5 + lp) * 9 + lc "
                        + "with pb up to 4, and lc + lp up to 4")
            }
            lzma = state
            needsProperties = false
            resetModel()
        }
        // A wrong checkpoint, or a byte gone from the window, must not lead to a read outside it. Bytes farther back
        // than the dictionary's length may still be in the buffer, but leave it when the window moves.
        let reach = min(dictionary, position - oldest)
        guard !lzma.readsLastDistance || Int(lzma.rep0) < reach else {
            throw ImageError(
                .corrupt,
                "LZMA2 chunk at \(place) continues with a distance of \(UInt64(lzma.rep0) + 1) bytes, but "
                    + "only \(reach) come before it")
        }
    }

    private func decode(_ bytes: UnsafePointer<UInt8>, _ inputSize: Int, _ outputSize: Int) -> Bool {
        // The range decoder starts with five bytes. The first must be 0.
        guard inputSize >= 5, unsafe bytes.pointee == 0 else { return false }
        let output = unsafe window.start + position
        if let checkpoint, let recorder {
            let marks = unsafe recorder.marks(windowEnd: window.start + checkpoint)
            return unsafe lzma.decode(
                model, bytes, bytes + inputSize, output, output + outputSize,
                oldest: window.start + oldest, dictionary: dictionary, marks)
        }
        return unsafe lzma.decode(
            model, bytes, bytes + inputSize, output, output + outputSize,
            oldest: window.start + oldest, dictionary: dictionary, NoMarks())
    }

    private func resetModel() {
        unsafe model.update(
            repeating: LZMAModel.initial, count: LZMAModel.count(literalBits: lzma.literalBits))
    }

    private func resetDictionary(andProperties: Bool) {
        // Nothing before it can be read any more. The byte before the first one counts as 0.
        collect(before: position)
        position = Self.alignment
        oldest = position
        taken = position
        zeroesStart = position
        unsafe window.start[position - 1] = 0
        if checkpoint != nil { checkpoint = -window.count }
        needsDictionaryReset = false
        needsProperties = true
    }

    /// Moves the window to the start of the buffer if there is no room for `count` bytes behind it.
    ///
    /// Throws `corrupt` if more would be decoded than there should be.
    private func makeRoom(_ count: Int, _ place: UInt64) throws(ImageError) {
        guard count <= left else {
            throw ImageError(
                .corrupt,
                "LZMA2 chunk at \(place) gives \(count) bytes, but by the index the block has \(left) left")
        }
        left -= UInt64(count)
        decoded += UInt64(count)
        oldest = max(oldest, position - dictionary)
        // Moves are multiples of the alignment, and the byte before the oldest stays readable. If there are enough
        // zeroes, the position goes back into them, and nothing is moved: so decoding an empty disk stays in the
        // processor's cache.
        let inZeroes = max(0, oldest - zeroesStart) & ~(Self.alignment - 1)
        let isFull = window.count - LZMAState.slack - position < count
        guard isFull || inZeroes >= Self.zeroStep else { return }
        collect(before: oldest)
        var shift = inZeroes
        if window.count - LZMAState.slack - position + shift < count {
            shift = (oldest - Self.alignment) & ~(Self.alignment - 1)
            unsafe memmove(window.start, window.start + shift, position - shift)
            zeroesStart = max(zeroesStart - shift, 0)
        }
        oldest -= shift
        position -= shift
        taken -= shift
        if let checkpoint { self.checkpoint = max(checkpoint - shift, -window.count) }
        precondition(window.count - LZMAState.slack - position >= count)
    }

    // MARK: Checkpoints

    /// Starts to record a checkpoint at the current position, between two chunks. Returns nil if the data ends here.
    ///
    /// From the first time on, recording takes `WindowRecorder.memory` bytes.
    package func beginCheckpoint() throws(ImageError) -> LZMA2Checkpoint? {
        precondition(available == 0)
        guard let control = try unsafe input.peek(1)?.pointee, control != 0 else { return nil }
        oldest = max(oldest, position - dictionary)
        let reset = LZMA2Chunk.reset(control: control)
        let resetsDictionary = control == 1 || reset == .dictionary
        let history = resetsDictionary ? 0 : position - oldest
        if recorder == nil { recorder = try WindowRecorder(dictionary: dictionary) }
        recorder?.begin(window: history)
        checkpoint = position
        let keepsModel = !resetsDictionary && !needsProperties && (reset == nil || reset == .nothing)
        let count = keepsModel ? LZMAModel.count(literalBits: lzma.literalBits) : 0
        return LZMA2Checkpoint(
            lzma: lzma, needsProperties: needsProperties || resetsDictionary, history: UInt64(history),
            position: UInt8(position % Self.alignment),
            probabilities: unsafe Array(UnsafeBufferPointer(start: model, count: count)))
    }

    /// The number of bytes of the checkpoint's window that have been read so far.
    var recordedBytes: Int { checkpoint == nil ? 0 : recorder?.recordedBytes ?? 0 }

    /// Ends the recording. Returns the bytes of the checkpoint's window that were read.
    package func endCheckpoint() -> SparseWindow {
        guard let recorder, let checkpoint else { return SparseWindow() }
        defer { self.checkpoint = nil }
        return unsafe recorder.finish(windowEnd: window.start + checkpoint)
    }

    /// Lets the recorder collect the bytes before index `limit`, which are about to go.
    private func collect(before limit: Int) {
        guard let recorder, let checkpoint else { return }
        unsafe recorder.collect(before: window.start + limit, windowEnd: window.start + checkpoint)
    }

    private func restore(_ checkpoint: LZMA2Checkpoint, _ bytes: CheckpointWindow) throws(ImageError) {
        lzma = checkpoint.lzma
        needsProperties = checkpoint.needsProperties
        needsDictionaryReset = checkpoint.history == 0
        let history = Int(checkpoint.history)
        // The buffer has room for two more alignments.
        position = (history + 2 * Self.alignment - 1) & ~(Self.alignment - 1) + Int(checkpoint.position)
        oldest = position - history
        taken = position
        zeroesStart = position
        try unsafe bytes.write(
            to: UnsafeMutableBufferPointer(start: window.start + oldest, count: history))
        for index in checkpoint.probabilities.indices {
            unsafe model[index] = checkpoint.probabilities[index]
        }
    }
}
