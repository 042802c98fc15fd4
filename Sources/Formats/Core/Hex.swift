/// `value` as it is written in specifications: 0x21.
package func hex(_ value: some FixedWidthInteger & UnsignedInteger) -> String {
    "0x" + String(value, radix: 16)
}

/// `bytes` as they stand in a file: fd 37 7a.
package func hex(_ bytes: some Sequence<UInt8>, separator: String = " ") -> String {
    bytes.map { hexDigits($0) }.joined(separator: separator)
}

/// All hexadecimal digits of `value`, zeroes in front too, for instance two of a byte.
package func hexDigits(_ value: some FixedWidthInteger & UnsignedInteger, uppercase: Bool = false) -> String {
    let digits = String(value, radix: 16, uppercase: uppercase)
    return String(repeating: "0", count: value.bitWidth / 4 - digits.count) + digits
}
