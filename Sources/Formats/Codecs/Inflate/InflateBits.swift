/// The bits of a block's header, read one field at a time.
///
/// @safe: its maker is responsible for the bytes, which stay in place while a header is read. It looks at most 8 bytes
/// past the last bit that it has.
@safe struct InflateBits {
    private let bytes: UnsafePointer<UInt8>
    /// The number of bits from the first byte to the next bit, and to the end of the bytes.
    private(set) var position: Int
    private let end: Int

    /// Starts at bit `position` of `bytes`, of which there are `count`. Eight more can be read.
    init(_ bytes: UnsafePointer<UInt8>, count: Int, from position: Int) {
        unsafe self.bytes = bytes
        self.position = position
        end = count * 8
    }

    /// The next bits, 56 or more, and zeroes behind the end.
    var next: UInt64 {
        let word = unsafe UnsafeRawPointer(bytes + position &>> 3).loadUnaligned(as: UInt64.self)
        return UInt64(littleEndian: word) &>> UInt64(truncatingIfNeeded: position & 7)
    }

    /// The number of bits left.
    var left: Int { end - position }

    /// Skips `count` bits.
    mutating func skip(_ count: Int) throws(InflateFault) {
        guard count <= left else { throw .cut(in: "a block's header") }
        position += count
    }

    /// Takes a field of `count` bits, at most 16.
    mutating func take(_ count: Int) throws(InflateFault) -> Int {
        let value = Int(truncatingIfNeeded: next & (1 &<< UInt64(truncatingIfNeeded: count) &- 1))
        try skip(count)
        return value
    }
}
