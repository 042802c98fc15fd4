/// The bytes behind the last member of a gzip file. They are not part of the data.
struct GzipTrailer {
    /// The offset of the first, in the file.
    var offset: UInt64
    /// The number of these bytes.
    var count: UInt64
    /// True if they could be the start of another member's header.
    var isCutHeader: Bool

    private static let windowSize: UInt64 = 64 << 10

    /// Looks at the bytes of `source` from `offset` on. Nil if they are zeroes: padding, as tapes and flash memory have it.
    init?(_ source: any Source, at offset: UInt64, isCutHeader: Bool) throws(ImageError) {
        var position = offset
        var isZero = true
        while isZero, position < source.size {
            let count = min(Self.windowSize, source.size - position)
            isZero = try source.bytes(at: position, count: Int(count)).areZeroes
            position += count
        }
        guard !isZero else { return nil }
        self.offset = offset
        count = source.size - offset
        self.isCutHeader = isCutHeader
    }

    /// The text for the user.
    var warning: String {
        isCutHeader
            ? "the file ends in the header of another member, at \(offset): what comes before is complete, but more may be missing"
            : "the data ends at \(offset); what follows, \(count == 1 ? "1 byte" : "\(count) bytes"), is no gzip data and is left out"
    }
}
