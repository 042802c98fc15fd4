/// Puts little-endian numbers one after the other.
package struct ByteWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Appends `value`, little-endian.
    package mutating func append(_ value: some FixedWidthInteger & UnsignedInteger) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// Appends `more` as they are.
    package mutating func append(_ more: [UInt8]) {
        bytes += more
    }

    /// Appends zeroes until there are `count` bytes.
    package mutating func pad(to count: Int) {
        bytes += [UInt8](repeating: 0, count: max(0, count - bytes.count))
    }
}
