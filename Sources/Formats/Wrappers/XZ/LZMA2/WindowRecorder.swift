import Glibc

/// Finds out which bytes of the window at a checkpoint are read by what is decoded after it, and collects them.
///
/// Bytes are collected when they leave the decoder's buffer, and at the end: what has left it cannot be
/// read any more, as it is farther away than the dictionary is long.
///
/// Not thread-safe: one thread at a time.
///
/// @safe: the bits are its own; the bytes it is shown are used within the call.
@safe final class WindowRecorder {
    private let bits: Pages
    /// The length of the window in bytes.
    private var count = 0
    /// The bytes before this one have been collected.
    private var collected = 0
    /// Where the last run ended.
    private var runEnd = 0
    private var window = SparseWindow()

    /// The memory it takes, in bytes, for windows of `dictionary` bytes.
    static func memory(dictionary: Int) -> Int { dictionary / 8 + 64 }

    /// A recorder of windows of up to `dictionary` bytes.
    init(dictionary: Int) throws(ImageError) {
        bits = try Pages(count: Self.memory(dictionary: dictionary))
    }

    private var words: UnsafeMutablePointer<UInt64> {
        unsafe UnsafeMutableRawPointer(bits.start).assumingMemoryBound(to: UInt64.self)
    }

    /// Starts anew, with a window of `count` bytes, no more than the dictionary has.
    func begin(window count: Int) {
        unsafe memset(bits.start, 0, (max(count, self.count) + 7) / 8)
        self.count = count
        collected = 0
        runEnd = 0
        window = SparseWindow()
        // The byte before the checkpoint, which chooses the model of the literal after it.
        if count > 0 { unsafe words[(count - 1) >> 6] |= 1 << UInt64((count - 1) & 63) }
    }

    /// The marks to decode with, where the window ends at the address `end`.
    func marks(windowEnd end: UnsafeMutablePointer<UInt8>) -> BitMarks {
        unsafe BitMarks(bits: words, start: end - count, end: end)
    }

    /// Collects what is marked before the byte at `limit`, where the window ends at the address `end`.
    func collect(before limit: UnsafeMutablePointer<UInt8>, windowEnd end: UnsafeMutablePointer<UInt8>) {
        let start = unsafe end - count
        let last = unsafe min(count, max(collected, limit - start))
        var next = firstMarked(from: collected, before: last)
        while let first = next {
            var runLast = first
            while let another = firstMarked(from: runLast + 1, before: last),
                another - runLast <= SparseWindow.mergedGap
            {
                runLast = another
            }
            let run = unsafe UnsafeBufferPointer(start: start + first, count: runLast + 1 - first)
            // What is not restored is zero.
            if unsafe !run.allSatisfy({ $0 == 0 }) {
                unsafe window.append(gap: first - runEnd, run)
                runEnd = runLast + 1
            }
            next = firstMarked(from: runLast + 1, before: last)
        }
        collected = last
    }

    /// How many bytes have been read so far, about.
    var recordedBytes: Int {
        var marked = window.bytes.count
        for index in collected >> 6..<(count + 63) >> 6 { marked += unsafe words[index].nonzeroBitCount }
        return marked
    }

    /// What was collected, after the rest of it, where the window ends at the address `end`.
    func finish(windowEnd end: UnsafeMutablePointer<UInt8>) -> SparseWindow {
        unsafe collect(before: end, windowEnd: end)
        defer { window = SparseWindow() }
        return window
    }

    private func firstMarked(from first: Int, before last: Int) -> Int? {
        guard first < last else { return nil }
        var index = first >> 6
        var word = unsafe words[index] & (UInt64.max << UInt64(first & 63))
        while word == 0 {
            index += 1
            guard index << 6 < last else { return nil }
            word = unsafe words[index]
        }
        let found = index << 6 + word.trailingZeroBitCount
        return found < last ? found : nil
    }
}
