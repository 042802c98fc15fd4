/// The bytes of a decoder's window that the span after a checkpoint reads. The others do not matter.
package struct SparseWindow: Equatable, Sendable {
    /// Two variable-length integers for each run of bytes, from the oldest on: its distance from the end of the run
    /// before it (for the first run, from the oldest byte of the window), and its length.
    package private(set) var runs: [UInt8] = []
    /// The bytes of all runs.
    package private(set) var bytes: [UInt8] = []

    /// Marked bytes this close to each other become one run: the bytes between cost less than another run.
    static let mergedGap = 4

    /// Creates a window that nothing is read of.
    package init() {}

    /// Creates a window with these runs and their bytes, which may still turn out not to fit each other.
    package init(runs: [UInt8], bytes: [UInt8]) {
        self.runs = runs
        self.bytes = bytes
    }

    /// Adds a run of `run`, `gap` bytes after the one before it.
    mutating func append(gap: Int, _ run: UnsafeBufferPointer<UInt8>) {
        append(variable: gap)
        append(variable: run.count)
        unsafe bytes.append(contentsOf: run)
    }

    private mutating func append(variable value: Int) {
        var rest = value
        while rest >= 0x80 {
            runs.append(UInt8(truncatingIfNeeded: rest | 0x80))
            rest >>= 7
        }
        runs.append(UInt8(rest))
    }

    /// Copies the bytes to their places in `window`, which holds only zeroes.
    ///
    /// Throws `corrupt` unless all runs lie within it and take all bytes.
    func scatter(into window: UnsafeMutableBufferPointer<UInt8>) throws(ImageError) {
        var reader = ByteReader(runs[...], at: 0)
        var position: UInt64 = 0
        var taken = 0
        while reader.hasMore {
            let gap = try reader.variableLengthInteger("gap in a window")
            let count = try reader.variableLengthInteger("length of a run in a window")
            // Both are less than 2^63, and so is `position`.
            guard position + gap <= UInt64(window.count),
                count <= UInt64(window.count) - position - gap, count <= UInt64(bytes.count - taken)
            else {
                throw ImageError(
                    .corrupt,
                    "a run of \(count) bytes, \(gap) after \(position), passes the end of a window of \(window.count)"
                )
            }
            position += gap
            unsafe bytes.withUnsafeBufferPointer { bytes in
                let target = unsafe UnsafeMutableBufferPointer(rebasing: window[Int(position)...])
                let source = unsafe UnsafeBufferPointer(rebasing: bytes[taken..<taken + Int(count)])
                _ = unsafe target.update(fromContentsOf: source)
            }
            position += count
            taken += Int(count)
        }
        guard taken == bytes.count else {
            throw ImageError(.corrupt, "runs of a window take \(taken) bytes of \(bytes.count)")
        }
    }
}
