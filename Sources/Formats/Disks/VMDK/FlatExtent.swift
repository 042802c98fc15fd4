/// An extent that a file stores byte for byte.
struct FlatExtent {
    /// The content. If the file is too short, reading the missing bytes fails.
    let source: TruncatedSlice

    private let reason: String

    /// Creates an extent of `size` bytes, from offset `start` of `file` on.
    ///
    /// The caller has checked that the sum is no larger than 2^64.
    init(_ file: any Source, from start: UInt64, size: UInt64) {
        reason = "the extent takes \(size) bytes from \(start) on, but the end of the file is at \(file.size)"
        source = TruncatedSlice(Base(file, .data), from: start, size: size, reason)
    }

    /// A text about what is missing because the file is truncated. Nil if nothing is.
    var shortfall: String? {
        guard source.held < source.size else { return nil }
        return
            "\(reason): it is cut short, and reading the last \(byteCount(source.size - source.held)) of the extent fails"
    }
}
