import Glibc

/// Records which bytes of a checkpoint's window are read by later data, and collects them.
///
/// Bytes are collected when they leave the decoder's buffer, and at the end. Bytes that have left it are farther back
/// than the dictionary's length, and cannot be read any more.
///
/// Not thread-safe: one thread at a time.
///
/// @safe: the bits are its own, and the bytes passed to it are used within the call.
@safe final class WindowRecorder {
    private let bits: Pages
    /// The length of the window in bytes.
    private var count = 0
    /// The number of bytes at the window's start that have been collected.
    private var collected = 0
    /// The end of the last run.
    private var runEnd = 0
    private var window = SparseWindow()

    /// The memory in bytes that it takes for windows of `dictionary` bytes.
    static func memory(dictionary: Int) -> Int { dictionary / 8 + 64 }

    /// Creates a recorder of windows of up to `dictionary` bytes.
    init(dictionary: Int) throws(ImageError) {
        bits = try Pages(count: Self.memory(dictionary: dictionary))
    }

    private var words: UnsafeMutablePointer<UInt64> {
        unsafe UnsafeMutableRawPointer(bits.start).assumingMemoryBound(to: UInt64.self)
    }

    /// Starts a new window of `count` bytes, at most the length of the dictionary.
    func begin(window count: Int) {
        unsafe memset(bits.start, 0, (max(count, self.count) + 7) / 8)
        self.count = count
        collected = 0
        runEnd = 0
        window = SparseWindow()
        // In LZMA, the byte before the checkpoint is always read: it chooses the model of the literal after it.
        if count > 0 { unsafe words[(count - 1) >> 6] |= 1 << UInt64((count - 1) & 63) }
    }

    /// The marks to decode with, if the window ends at the address `end`.
    func marks(windowEnd end: UnsafeMutablePointer<UInt8>) -> BitMarks {
        unsafe BitMarks(bits: words, start: end - count, end: end)
    }

    /// Collects the marked bytes before the one at `limit`, if the window ends at the address `end`.
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
            // Bytes that are not restored are zero.
            if unsafe !run.allSatisfy({ $0 == 0 }) {
                unsafe window.append(gap: first - runEnd, run)
                runEnd = runLast + 1
            }
            next = firstMarked(from: runLast + 1, before: last)
        }
        collected = last
    }

    /// The approximate number of bytes read so far.
    var recordedBytes: Int {
        var marked = window.bytes.count
        for index in collected >> 6..<(count + 63) >> 6 { marked += unsafe words[index].nonzeroBitCount }
        return marked
    }

    /// Collects the rest and returns all that was collected, if the window ends at the address `end`.
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
