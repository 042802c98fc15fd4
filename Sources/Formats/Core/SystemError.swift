import Glibc

/// The system's words for an `errno`, such as "No such file or directory".
package func systemMessage(_ code: Int32) -> String {
    var text = [CChar](repeating: 0, count: 256)
    // The XSI form of strerror_r: thread-safe, and it ends the text with a NUL.
    guard unsafe strerror_r(code, &text, text.count) == 0 else { return "error \(code)" }
    let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return bytes.isEmpty ? "error \(code)" : String(decoding: bytes, as: UTF8.self)
}
