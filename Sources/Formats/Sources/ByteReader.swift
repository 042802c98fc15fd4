/// Reads a range of a source byte by byte, through a small window.
struct ByteReader {
    /// The source. Nil if all of the range is in the window from the start.
    private let source: (any Source)?
    /// The end of the range, in bytes from the start of the source.
    private let end: UInt64
    private var window: [UInt8] = []
    private var index = 0
    private var windowStart: UInt64
    private var crc = CRC32()
    private static let windowSize: UInt64 = 64 << 10

    /// The offset in the source of the next byte.
    var position: UInt64 { windowStart + UInt64(index) }

    /// True if the range has not ended yet.
    var hasMore: Bool { position < end }

    /// A reader of `range`, which lies inside `source`.
    init(_ source: any Source, _ range: Range<UInt64>) {
        self.source = source
        windowStart = range.lowerBound
        end = range.upperBound
    }

    /// A reader of `bytes`, which were found at `offset`.
    init(_ bytes: ArraySlice<UInt8>, at offset: UInt64) {
        source = nil
        window = Array(bytes)
        windowStart = offset
        end = offset + UInt64(bytes.count)
    }

    /// Reads the next byte. `field` names it in the error if the range has ended.
    mutating func next(_ field: StaticString) throws(ImageError) -> UInt8 {
        if index == window.count { try advance(field) }
        defer { index += 1 }
        return window[index]
    }

    private mutating func advance(_ field: StaticString) throws(ImageError) {
        let start = position
        let finished = window
        crc.update(finished.span)
        guard start < end, let source else {
            throw ImageError(.corrupt, "\(field) would start at \(start), where its structure has ended")
        }
        window = try source.bytes(at: start, count: Int(min(Self.windowSize, end - start)))
        windowStart = start
        index = 0
    }

    /// The CRC-32 of every byte read so far.
    func crc32() -> UInt32 {
        var crc = crc
        crc.update(Array(window[..<index]).span)
        return crc.value
    }

    /// A variable-length integer of the .xz file format (section 1.2): at most 63 bits, in 1 to 9
    /// bytes, with no more bytes than it needs.
    mutating func variableLengthInteger(_ field: StaticString) throws(ImageError) -> UInt64 {
        let start = position
        var value: UInt64 = 0
        for byteIndex in 0..<9 {
            let byte = try next(field)
            if byte == 0 && byteIndex > 0 {
                throw ImageError(.corrupt, "\(field) at \(start) is stored in more bytes than it needs")
            }
            value |= UInt64(byte & 0x7F) << UInt64(7 * byteIndex)
            if byte & 0x80 == 0 { return value }
        }
        throw ImageError(.corrupt, "\(field) at \(start) is longer than 9 bytes")
    }
}
