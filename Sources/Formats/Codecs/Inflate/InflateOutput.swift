import Glibc

/// The decoded bytes: those that matches may refer to, and those that nobody has taken yet, in one flat buffer. If it is
/// full, they are moved to its start.
///
/// @safe: pointers into the buffer are made for one call, from indexes that are checked here.
@safe struct InflateOutput: ~Copyable {
    private let pages: Pages
    /// The index of the next byte.
    private(set) var position = 0
    /// The index of the first byte that has not been taken.
    private var taken = 0
    /// The index of the oldest byte that matches may refer to. It may be farther back than they reach.
    private var oldest = 0

    private var recorder: WindowRecorder?
    /// The index of the first byte after the checkpoint: negative once that byte has moved out. Nil while nothing is
    /// recorded.
    private var checkpoint: Int?

    /// The largest distance of a match (RFC 1951 section 2).
    static let reach = 32 << 10
    /// The most bytes that are asked for at once.
    static let maximumChunk = 128 << 10
    /// The number of bytes behind those: the rest of a match, and of the steps in which it is copied.
    private static let slack = InflateCursor.longestMatch + InflateCursor.slack
    private static let capacity = reach + maximumChunk + slack

    /// The memory in bytes that it takes, with its recorder and a window.
    static var memory: Int { capacity + WindowRecorder.memory(dictionary: reach) + 2 * reach }

    init() throws(ImageError) {
        pages = try Pages(count: Self.capacity)
    }

    // MARK: Bytes

    /// The number of bytes that matches may refer to.
    var history: Int { min(Self.reach, position - oldest) }

    /// The number of bytes that have not been taken.
    var available: Int { position - taken }

    /// Forgets the history.
    mutating func endHistory() {
        oldest = position
    }

    /// Makes room for `limit` bytes, and a match more.
    mutating func makeRoom(_ limit: Int) {
        precondition(limit >= 0 && limit <= Self.maximumChunk - available)
        guard position + limit > Self.capacity - Self.slack else { return }
        let shift = max(0, min(taken, position - Self.reach))
        if let recorder, let checkpoint {
            unsafe recorder.collect(before: pages.start + shift, windowEnd: pages.start + checkpoint)
            // Nothing is recorded farther behind it than matches reach.
            self.checkpoint = max(checkpoint - shift, -Self.reach)
        }
        unsafe memmove(pages.start, pages.start + shift, position - shift)
        position -= shift
        taken -= shift
        oldest = max(oldest - shift, 0)
    }

    /// Appends `count` bytes, for which there is room.
    mutating func append(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        precondition(count >= 0 && count <= Self.capacity - position)
        unsafe memcpy(pages.start + position, bytes, count)
        position += count
    }

    /// Moves up to `limit` bytes to `output`, at most as many as it has room for.
    mutating func take(_ limit: Int, into output: inout OutputSpan<UInt8>) {
        let count = max(0, min(limit, available, output.freeCapacity))
        unsafe output.withUnsafeMutableBufferPointer { target, filled in
            let bytes = unsafe UnsafeBufferPointer(start: pages.start + taken, count: count)
            _ = unsafe target.extracting(filled...).update(fromContentsOf: bytes)
            filled += count
        }
        taken += count
    }

    /// Skips up to `limit` bytes if all of them are zero. Returns their number, or 0 if they are not.
    mutating func skipZeroes(_ limit: Int) -> Int {
        let count = max(0, min(limit, available))
        let bytes = unsafe UnsafeRawBufferPointer(start: pages.start + taken, count: count)
        guard unsafe bytes.areZeroes else { return 0 }
        taken += count
        return count
    }

    /// Runs `body` with the last `count` bytes, which lie in the buffer.
    func withLatest<Result>(_ count: Int, _ body: (Span<UInt8>) -> Result) -> Result {
        precondition(count >= 0 && count <= position)
        // The span does not outlive the call.
        return body(unsafe Span(_unsafeStart: pages.start + position - count, count: count))
    }

    // MARK: Symbols

    /// Decodes symbols of the `count` bytes at `input`, from bit `bit` on, up to the index `limit` for which there is room: many with
    /// `InflateCursor.run`, or one with `step`. Returns what stopped it, and the place of the next bit.
    ///
    /// While a checkpoint is recorded, it may stop where nothing from before it can be read any more.
    mutating func decode(
        from input: UnsafePointer<UInt8>, bit: Int, count: Int, before limit: Int,
        _ codes: InflateCodes, onlyOne: Bool
    ) -> (stop: InflateCursor.Stop, input: UnsafePointer<UInt8>, bit: Int) {
        precondition(limit >= position && limit <= Self.capacity - Self.slack)
        let start = unsafe pages.start
        var cursor = unsafe InflateCursor(
            input: input, bit: bit, inputEnd: input + count, output: start + position,
            oldest: start + oldest)
        defer { position = unsafe cursor.output - start }
        let stop: InflateCursor.Stop
        if let recorder, let checkpoint, position < checkpoint + Self.reach {
            let marks = unsafe recorder.marks(windowEnd: start + checkpoint)
            let end = min(limit, checkpoint + Self.reach)
            stop = unsafe onlyOne ? cursor.step(codes, marks) : cursor.run(codes, before: start + end, marks)
        } else {
            stop =
                unsafe onlyOne
                ? cursor.step(codes, NoMarks()) : cursor.run(codes, before: start + limit, NoMarks())
        }
        return unsafe (stop, cursor.input, cursor.bit)
    }

    // MARK: Checkpoints

    /// Starts to record which bytes of the history are read from here on.
    mutating func beginCheckpoint() throws(ImageError) {
        if recorder == nil { recorder = try WindowRecorder(dictionary: Self.reach) }
        recorder?.begin(window: history)
        checkpoint = position
    }

    /// The approximate number of bytes that have been recorded.
    var recordedBytes: Int { checkpoint == nil ? 0 : recorder?.recordedBytes ?? 0 }

    /// Ends the recording. Returns the bytes that were read.
    mutating func endCheckpoint() -> SparseWindow {
        guard let recorder, let checkpoint else { return SparseWindow() }
        self.checkpoint = nil
        return unsafe recorder.finish(windowEnd: pages.start + checkpoint)
    }

    /// Drops all bytes, and starts with a history of `count` bytes, up to 32 KiB, that `window` holds.
    mutating func restore(_ count: Int, _ window: CheckpointWindow) throws(ImageError) {
        precondition(count >= 0 && count <= Self.reach)
        checkpoint = nil
        (oldest, position, taken) = (0, count, count)
        unsafe memset(pages.start, 0, count)
        try unsafe window.write(to: UnsafeMutableBufferPointer(start: pages.start, count: count))
    }
}
