/// The bytes of a structure, and the offset it was found at, which errors name.
package struct Fields: Sendable {
    package let bytes: [UInt8]

    /// The offset of `bytes` in the source, in bytes.
    package let base: UInt64

    package init(_ bytes: [UInt8], at base: UInt64) {
        self.bytes = bytes
        self.base = base
    }

    /// Reads `count` bytes of `source` from `offset`. `structure` names them in the error if the source ends too early.
    package init(
        _ structure: StaticString, of source: any Source, at offset: UInt64, count: Int
    ) throws(ImageError) {
        try source.require(structure.description, at: offset, count: UInt64(count))
        self.init(try source.bytes(at: offset, count: count), at: offset)
    }

    /// The little-endian integer called `field` at `offset` from the start of the structure.
    ///
    /// Throws `corrupt` if the structure ends before it.
    package func little<T: FixedWidthInteger>(
        _ field: StaticString, at offset: Int, as _: T.Type = T.self
    ) throws(ImageError) -> T {
        let width = T.bitWidth / 8
        guard offset >= 0, offset <= bytes.count - width else {
            throw ImageError(
                .corrupt, "\(field) at \(position(offset)) is cut off after \(bytes.count) bytes")
        }
        var value: T = 0
        for byte in bytes[offset..<offset + width].reversed() {
            value = value << 8 | T(truncatingIfNeeded: byte)
        }
        return value
    }

    /// The big-endian integer called `field` at `offset` from the start of the structure.
    ///
    /// Throws `corrupt` if the structure ends before it.
    package func big<T: FixedWidthInteger>(
        _ field: StaticString, at offset: Int, as _: T.Type = T.self
    ) throws(ImageError) -> T {
        try little(field, at: offset, as: T.self).byteSwapped
    }

    /// Throws `corrupt` unless `value`, which is called `field` and stands at `offset`, lies in `range`.
    package func require<T: FixedWidthInteger>(
        _ field: StaticString, _ value: T, in range: ClosedRange<T>, at offset: Int
    ) throws(ImageError) {
        guard range.contains(value) else {
            throw ImageError(
                .corrupt,
                "\(field) at \(position(offset)) is \(value), expected \(range.lowerBound)...\(range.upperBound)"
            )
        }
    }

    /// `count` bytes called `field` at `offset` from the start of the structure.
    ///
    /// Throws `corrupt` if the structure ends before their end.
    package func slice(_ field: StaticString, at offset: Int, count: Int) throws(ImageError) -> [UInt8] {
        guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else {
            throw ImageError(
                .corrupt,
                "\(field) at \(position(offset)), \(count) bytes, is cut off after \(bytes.count) bytes")
        }
        return Array(bytes[offset..<offset + count])
    }

    /// Throws `corrupt` unless the bytes called `field` at `offset` are `expected`.
    package func require(_ field: StaticString, at offset: Int, is expected: [UInt8]) throws(ImageError) {
        guard offset >= 0, expected.count <= bytes.count, offset <= bytes.count - expected.count else {
            throw ImageError(
                .corrupt, "\(field) at \(position(offset)) is cut off after \(bytes.count) bytes")
        }
        let found = bytes[offset..<offset + expected.count]
        guard found.elementsEqual(expected) else {
            throw ImageError(
                .corrupt, "\(field) at \(position(offset)) is \(hex(found)), expected \(hex(expected))")
        }
    }

    /// Throws `corrupt` unless the CRC-32 called `field` at `offset` is that of the bytes of `range`.
    package func requireCRC32(_ field: StaticString, at offset: Int, of range: Range<Int>) throws(ImageError)
    {
        let stored: UInt32 = try little(field, at: offset)
        let computed = CRC32.of(bytes[range])
        guard stored == computed else {
            throw ImageError(
                .corrupt, "\(field) at \(position(offset)) is \(hex(stored)), the bytes give \(hex(computed))"
            )
        }
    }

    /// The offset in the source of the byte at `offset` in the structure.
    package func position(_ offset: Int) -> UInt64 { base + UInt64(max(0, offset)) }
}
