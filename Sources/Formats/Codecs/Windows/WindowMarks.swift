/// Records the bytes of the window that decoding reads; see `LZMAState.decode` and `InflateCursor.run`.
protocol WindowMarks {
    /// Notes that `count` bytes, 1 to 273, are read from `source` on.
    func mark(_ source: UnsafeMutablePointer<UInt8>, _ count: Int)
}

/// Marks nothing: for decoding without a checkpoint.
struct NoMarks: WindowMarks {
    @inline(__always) func mark(_ source: UnsafeMutablePointer<UInt8>, _ count: Int) {}
}

/// Marks the bytes before a checkpoint that are read after it, one bit for each.
///
/// @safe: only `WindowRecorder` makes one, and only for one chunk.
@safe struct BitMarks: WindowMarks {
    /// Bit `n` is for the byte at `start + n`.
    let bits: UnsafeMutablePointer<UInt64>
    /// The address of the oldest byte of the window, or the one it would have if it were still there.
    let start: UnsafeMutablePointer<UInt8>
    /// The address of the byte after the window. Bytes from there on were decoded after the checkpoint.
    let end: UnsafeMutablePointer<UInt8>

    @inline(__always) func mark(_ source: UnsafeMutablePointer<UInt8>, _ count: Int) {
        guard unsafe source < end else { return }
        let first = unsafe source - start
        var word = unsafe bits + first &>> 6
        let shift = first & 63
        var left = unsafe min(count, end - source) &+ shift
        // The first word from `shift` on, and whole words after it until `left` bits are marked.
        var mask = UInt64.max &<< UInt64(truncatingIfNeeded: shift)
        while left > 64 {
            unsafe word.pointee |= mask
            unsafe word += 1
            mask = .max
            left &-= 64
        }
        unsafe word.pointee |= mask & (UInt64.max &>> UInt64(truncatingIfNeeded: 64 &- left))
    }
}
