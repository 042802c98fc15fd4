// The texts and identifiers of superblocks.

extension Fields {
    /// The integer called `field` at `offset`, in the order of bytes that the maker's machine had.
    func number<T: FixedWidthInteger>(
        _ field: StaticString, at offset: Int, isBig: Bool, as type: T.Type = T.self
    ) throws(ImageError) -> T {
        try isBig ? big(field, at: offset) : little(field, at: offset)
    }

    /// The text called `field` in the `count` bytes at `offset`, up to a NUL and without blanks behind it. Nil if it is empty.
    func text(_ field: StaticString, at offset: Int, count: Int) throws(ImageError) -> String? {
        let bytes = try slice(field, at: offset, count: count).prefix { $0 != 0 }
        return withoutTrailingBlanks(String(decoding: bytes, as: UTF8.self))
    }

    /// The text in UTF-16 called `field` in the `count` bytes at `offset`, in the same way.
    func utf16(
        _ field: StaticString, at offset: Int, count: Int, isBig: Bool = false
    ) throws(ImageError) -> String? {
        var units: [UInt16] = []
        for index in 0..<count / 2 {
            let unit: UInt16 = try number(field, at: offset + 2 * index, isBig: isBig)
            if unit == 0 { break }
            units.append(unit)
        }
        return withoutTrailingBlanks(String(decoding: units, as: UTF16.self))
    }

    /// The UUID called `field` at `offset`, in lower case. Nil if it is zero.
    func uuid(_ field: StaticString, at offset: Int) throws(ImageError) -> String? {
        let bytes = try slice(field, at: offset, count: 16)
        return bytes.allSatisfy { $0 == 0 } ? nil : uuidText(bytes)
    }
}

/// `bytes`, 16 of them, written as a UUID.
func uuidText(_ bytes: some Collection<UInt8>) -> String {
    var text = ""
    for (index, byte) in bytes.enumerated() {
        if [4, 6, 8, 10].contains(index) { text += "-" }
        text += hexDigits(byte)
    }
    return text
}

/// `text` without blanks at its end. Nil if nothing is left.
func withoutTrailingBlanks(_ text: String) -> String? {
    var scalars = text.unicodeScalars[...]
    while let last = scalars.last, last == " " || last == "\n" || last == "\t" { scalars.removeLast() }
    return scalars.isEmpty ? nil : String(scalars)
}
