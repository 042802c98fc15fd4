import Glibc

/// Text as the system has it: bytes without a NUL, which need not be UTF-8. Paths, arguments and variables are such text.
///
/// Swift's strings replace bytes that are not UTF-8 by U+FFFD, and would name another file.
public struct SystemString: Hashable, Sendable {
    /// The bytes, without a NUL at their end.
    public let bytes: [UInt8]

    /// The text with these `bytes`.
    public init(bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
    }

    /// `text`, in UTF-8.
    public init(_ text: String) {
        self.init(bytes: text.utf8)
    }

    /// The text at `pointer`, up to a NUL.
    @unsafe package init(cString pointer: UnsafePointer<CChar>) {
        self.init(
            bytes: unsafe UnsafeBufferPointer(start: pointer, count: strlen(pointer)).map(
                UInt8.init(bitPattern:)))
    }

    /// The value of the environment variable called `name`. Nil if there is none.
    package init?(variable name: String) {
        guard let value = unsafe getenv(name) else { return nil }
        unsafe self.init(cString: value)
    }

    /// The text as the system takes it: with a NUL at its end.
    package var terminated: [CChar] { (bytes + [0]).map { CChar(bitPattern: $0) } }

    /// The text as it is. If it is not UTF-8, it is written as in `description`.
    public var text: String { String(validating: bytes, as: UTF8.self) ?? description }

    /// True if it is UTF-8, which Swift's strings hold as it is.
    package var isUTF8: Bool { String(validating: bytes, as: UTF8.self) != nil }

    /// `start` followed by `end`.
    public static func + (start: SystemString, end: SystemString) -> SystemString {
        SystemString(bytes: start.bytes + end.bytes)
    }
}

extension SystemString: CustomStringConvertible {
    /// The text, fit to be shown: bytes that are not UTF-8 are written as `\xE9`.
    public var description: String { printable(bytes) }
}

// Interpolation is not offered: it would insert the description of another text, and not its bytes.
extension SystemString: ExpressibleByStringLiteral {
    /// The literal `text`, in UTF-8.
    public init(stringLiteral text: String) {
        self.init(text)
    }
}

// Paths
extension SystemString {
    private static let slash = UInt8(ascii: "/")

    package var isAbsolutePath: Bool { bytes.first == Self.slash }

    /// The path up to and with its last slash, and the rest. The former is empty if there is no slash.
    package var splitAtLastSlash: (folder: SystemString, name: SystemString) {
        let end = bytes.lastIndex(of: Self.slash).map { $0 + 1 } ?? 0
        return (SystemString(bytes: bytes[..<end]), SystemString(bytes: bytes[end...]))
    }

    /// The names that the path leads through.
    package var names: [SystemString] {
        bytes.split(separator: Self.slash).map { SystemString(bytes: $0) }
    }

    /// The name for people of a file with this path: the last of `names`, or the path if there is none.
    package var fileName: String { (names.last ?? self).text }
}
