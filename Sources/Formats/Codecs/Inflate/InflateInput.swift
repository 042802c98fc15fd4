import Glibc

/// The compressed data, read in large parts, and the position of its next bit.
///
/// @safe: the memory is its own, and the bytes that it hands out are used before the next call that changes it.
@safe struct InflateInput: ~Copyable {
    private let source: any Source
    private let pages: Pages
    /// The offset in the source of the first byte in memory.
    private var start: UInt64
    /// The number of bytes in memory.
    private var count = 0

    /// The offsets in the source of the data.
    let range: Range<UInt64>
    /// The position of the next bit: 8 times the offset of its byte in the source, and its number there, from the
    /// lowest on. At most that of the data's end.
    var bit: UInt64

    /// The number of bytes that can be read behind the data's end. They are zero.
    static let slack = 64
    /// The number of bytes that are read at once.
    private static let capacity = 128 << 10

    /// The memory in bytes that it takes.
    static var memory: Int { capacity + slack }

    /// Reads the data in `range` of `source`.
    ///
    /// Throws `limit` if there is no number for the position of its last bit.
    init(_ source: any Source, _ range: Range<UInt64>) throws(ImageError) {
        guard range.upperBound <= UInt64.max / 8 else {
            throw ImageError(
                .limit, "deflate data up to \(range.upperBound) is longer than \(UInt64.max / 8) bytes")
        }
        pages = try Pages(count: Self.memory)
        self.source = source
        self.range = range
        start = range.lowerBound
        bit = range.lowerBound * 8
    }

    /// The position of the first bit behind the data.
    var endBit: UInt64 { range.upperBound * 8 }

    /// The number of whole bytes left.
    var left: UInt64 { range.upperBound - (bit + 7) / 8 }

    /// Goes on to the next whole byte.
    mutating func align() {
        bit = (bit + 7) & ~7
    }

    /// The byte that holds the next bit, once `wanted` bytes from there on are in memory, or all that are left.
    ///
    /// Reads up to `limit` bytes, if any. `InflateInput.slack` zeroes follow the last byte of the data.
    ///
    /// Throws the errors of reading the source.
    mutating func fill(_ wanted: Int, atMost limit: Int = .max) throws(ImageError) -> UnsafePointer<UInt8> {
        let offset = bit / 8
        if offset < start || offset - start > UInt64(count) {
            start = offset
            count = 0
        }
        let index = Int(offset - start)
        let kept = count - index
        let end = range.upperBound
        guard kept < wanted, start + UInt64(count) < end else {
            return unsafe UnsafePointer(pages.start + index)
        }
        unsafe memmove(pages.start, pages.start + index, kept)
        start = offset
        count = kept
        let next = start + UInt64(kept)
        let size = Int(min(UInt64(min(Self.capacity - kept, max(limit, wanted))), end - next))
        // The memory exists from `kept` on.
        var target = unsafe MutableSpan(_unsafeStart: pages.start + kept, count: size)
        try source.read(into: &target, at: next)
        count += size
        if next + UInt64(size) == end { unsafe memset(pages.start + count, 0, Self.slack) }
        return unsafe UnsafePointer(pages.start)
    }

    /// The number of bytes in memory from the one on that holds the next bit. `fill` makes it larger.
    var filled: Int { count - Int(bit / 8 - start) }

    /// Takes the next `taken` bits, which are in memory.
    mutating func take(_ taken: Int) {
        bit += UInt64(taken)
    }
}
