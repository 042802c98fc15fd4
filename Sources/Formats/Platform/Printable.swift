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

/// `bytes` from an image, which ought to be text in UTF-8, fit to be shown likewise; those that are not are
/// written as `\xE9`.
package func printable(_ bytes: some Sequence<UInt8>) -> String {
    let bytes = Array(bytes)
    var result = ""
    var parser = Unicode.UTF8.ForwardParser()
    var rest = bytes.makeIterator()
    var index = 0
    while true {
        switch parser.parseScalar(from: &rest) {
        case .valid(let scalar):
            result += printable(String(Unicode.UTF8.decode(scalar)))
            index += scalar.count
        case .error(let length):
            for byte in bytes[index..<index + length] {
                result += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
            index += length
        case .emptyInput:
            return result
        }
    }
}
