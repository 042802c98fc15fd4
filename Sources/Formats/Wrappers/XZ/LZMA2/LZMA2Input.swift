import Glibc

/// The compressed data of a block, read a stretch at a time.
///
/// @safe: the memory is its own, and what it hands out is used before the next call.
@safe struct LZMA2Input: ~Copyable {
    private let source: any Source
    private let pages: Pages
    /// What is read of it: from this index of `pages` on, this many bytes.
    private var index = 0
    private var count = 0

    /// The offset in the source of the next byte to take.
    private(set) var offset: UInt64
    /// Where the data ends in the source.
    let end: UInt64

    private static let readSize = 128 << 10
    private static let capacity = readSize + LZMA2Chunk.maximumInput + LZMA2Chunk.maximumHeader

    /// The memory it takes, in bytes.
    static var memory: Int { capacity + LZMAState.slack }

    /// The data in `range` of `source`.
    init(_ source: any Source, _ range: Range<UInt64>) throws(ImageError) {
        self.source = source
        pages = try Pages(count: Self.memory)
        offset = range.lowerBound
        end = range.upperBound
    }

    /// How many bytes are left.
    var left: UInt64 { end - offset }

    /// The next `wanted` bytes, with `LZMAState.slack` readable ones after them; nil where fewer are left. `wanted` is at most
    /// what a chunk takes with its header.
    ///
    /// Throws what reading the source throws.
    mutating func peek(_ wanted: Int) throws(ImageError) -> UnsafePointer<UInt8>? {
        guard UInt64(wanted) <= left else { return nil }
        if count < wanted {
            unsafe memmove(pages.start, pages.start + index, count)
            index = 0
            let start = offset + UInt64(count)
            let size = Int(min(UInt64(Self.capacity - count), end - start))
            // The memory is there, from `count` on.
            var target = unsafe MutableSpan(_unsafeStart: pages.start + count, count: size)
            try source.read(into: &target, at: start)
            count += size
        }
        return unsafe UnsafePointer(pages.start + index)
    }

    /// Takes `taken` bytes, which were peeked at.
    mutating func take(_ taken: Int) {
        index += taken
        count -= taken
        offset += UInt64(taken)
    }
}
