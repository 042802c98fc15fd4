/// `text` from an image, fit to be shown: control characters, line breaks and characters that change
/// the direction of writing are written as `\u{1B}`, so that an image cannot play with a terminal.
package func printable(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse:
            result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
        default:
            result.unicodeScalars.append(scalar)
        }
    }
    return result
}

/// `bytes` from an image, which should be UTF-8, fit to be shown in the same way. Bytes that are not UTF-8 are written as `\xE9`.
package func printable(_ bytes: some Sequence<UInt8>) -> String {
    var result = ""
    decodeUTF8(Array(bytes)) { scalar in
        result += printable(String(scalar))
    } else: { byte in
        result += "\\x" + hexDigits(byte, uppercase: true)
    }
    return result
}

/// Calls `take` with each scalar that `bytes` hold in UTF-8, and `takeByte` with each byte that is part of none.
package func decodeUTF8(
    _ bytes: [UInt8], _ take: (Unicode.Scalar) -> Void, else takeByte: (UInt8) -> Void
) {
    var parser = Unicode.UTF8.ForwardParser()
    var rest = bytes.makeIterator()
    var index = 0
    while true {
        switch parser.parseScalar(from: &rest) {
        case .valid(let encoded):
            take(Unicode.UTF8.decode(encoded))
            index += encoded.count
        case .error(let length):
            bytes[index..<index + length].forEach(takeByte)
            index += length
        case .emptyInput:
            return
        }
    }
}
