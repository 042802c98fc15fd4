import Glibc

/// The compressed data of a block, read in large parts.
///
/// @safe: the memory is its own, and the bytes that it hands out are used before the next call.
@safe struct LZMA2Input: ~Copyable {
    private let source: any Source
    private let pages: Pages
    /// The bytes that were read: `count` of them, from `index` of `pages` on.
    private var index = 0
    private var count = 0

    /// The offset in the source of the next byte to take.
    private(set) var offset: UInt64
    /// The offset of the data's end in the source.
    let end: UInt64

    private static let readSize = 128 << 10
    private static let capacity = readSize + LZMA2Chunk.maximumInput + LZMA2Chunk.maximumHeader

    /// The memory in bytes that it takes.
    static var memory: Int { capacity + LZMAState.slack }

    /// Reads the data in `range` of `source`.
    init(_ source: any Source, _ range: Range<UInt64>) throws(ImageError) {
        self.source = source
        pages = try Pages(count: Self.memory)
        offset = range.lowerBound
        end = range.upperBound
    }

    /// The number of bytes left.
    var left: UInt64 { end - offset }

    /// The next `wanted` bytes, followed by `LZMAState.slack` readable ones. Nil if fewer are left. `wanted` is at most
    /// the length of a chunk with its header.
    ///
    /// Throws the errors of reading the source.
    mutating func peek(_ wanted: Int) throws(ImageError) -> UnsafePointer<UInt8>? {
        guard UInt64(wanted) <= left else { return nil }
        if count < wanted {
            unsafe memmove(pages.start, pages.start + index, count)
            index = 0
            let start = offset + UInt64(count)
            let size = Int(min(UInt64(Self.capacity - count), end - start))
            // The memory exists from `count` on.
            var target = unsafe MutableSpan(_unsafeStart: pages.start + count, count: size)
            try source.read(into: &target, at: start)
            count += size
        }
        return unsafe UnsafePointer(pages.start + index)
    }

    /// Takes `taken` bytes, which `peek` has returned.
    mutating func take(_ taken: Int) {
        index += taken
        count -= taken
        offset += UInt64(taken)
    }
}
