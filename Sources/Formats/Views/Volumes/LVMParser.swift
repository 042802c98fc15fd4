/// Reads the text that describes a volume group.
///
/// The grammar (LVM2, libdm/libdm-config.c):
///
///     section   item*
///     item      name '=' value  |  name '{' section '}'
///     value     '[' (simple (',' simple)*)? ']'  |  simple
///     simple    '"' characters and escapes '"'  |  a number
///
/// with blanks, line ends, and comments from '#' to the end of a line anywhere between.
struct LVMParser {
    /// The most names and values that are read. A volume has about 20.
    private static let maximumCount = 1 << 18

    /// The most sections that lie one in another: LVM needs four.
    private static let maximumDepth = 8

    private let bytes: [UInt8]
    private var index = 0
    private var count = 0

    private init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = Array(bytes)
    }

    /// The outermost section of `text`, which ends at its first NUL.
    ///
    /// Throws `corrupt` if it does not follow the grammar, or if a name occurs twice in a section.
    static func parse(_ text: [UInt8]) throws(ImageError) -> LVMSection {
        var parser = LVMParser(text.prefix { $0 != 0 })
        return try parser.section(depth: 0)
    }

    // MARK: Grammar

    /// Reads the items of a section up to the brace that ends it, or up to the end of the text for the outermost.
    private mutating func section(depth: Int) throws(ImageError) -> LVMSection {
        guard depth <= Self.maximumDepth else {
            throw error("is inside more than \(Self.maximumDepth) sections", .limit)
        }
        var section = LVMSection()
        while true {
            skipBlanks()
            guard let byte = next else {
                guard depth == 0 else { throw ImageError(.corrupt, "the text ends inside a section") }
                return section
            }
            if byte == UInt8(ascii: "}"), depth > 0 {
                index += 1
                return section
            }
            try item(of: &section, depth: depth)
        }
    }

    private mutating func item(of section: inout LVMSection, depth: Int) throws(ImageError) {
        let start = index
        let name = try name()
        skipBlanks()
        let isNew: Bool
        switch next {
        case UInt8(ascii: "="):
            index += 1
            isNew = section.add(name, try value())
        case UInt8(ascii: "{"):
            index += 1
            isNew = section.add(name, try self.section(depth: depth + 1))
        default:
            throw error("is not what follows a name")
        }
        guard isNew else {
            throw ImageError(.corrupt, "\(brief(name)) at byte \(start) is there for the second time")
        }
    }

    private mutating func name() throws(ImageError) -> String {
        try countOne()
        let start = index
        while let byte = next, Self.isOfName(byte) { index += 1 }
        guard index > start else { throw error("is not the start of a name") }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private mutating func value() throws(ImageError) -> LVMValue {
        skipBlanks()
        guard next == UInt8(ascii: "[") else { return try simpleValue() }
        try countOne()
        index += 1
        var list: [LVMValue] = []
        skipBlanks()
        while next != UInt8(ascii: "]") {
            if !list.isEmpty {
                guard next == UInt8(ascii: ",") else { throw error("is not what follows a value of a list") }
                index += 1
                skipBlanks()
            }
            list.append(try simpleValue())
            skipBlanks()
        }
        index += 1
        return .list(list)
    }

    private mutating func simpleValue() throws(ImageError) -> LVMValue {
        try countOne()
        if next == UInt8(ascii: "\"") { return .text(try text()) }
        let start = index
        while let byte = next, Self.isOfNumber(byte) { index += 1 }
        let digits = String(decoding: bytes[start..<index], as: UTF8.self)
        if let integer = Int64(digits) { return .integer(integer) }
        if let real = Double(digits) { return .real(real) }
        index = start
        throw error("is not the start of a value")
    }

    /// A text in quotation marks, in which a backslash stands before those that belong to it.
    private mutating func text() throws(ImageError) -> String {
        index += 1
        var content: [UInt8] = []
        while let byte = next, byte != UInt8(ascii: "\"") {
            index += 1
            guard byte == UInt8(ascii: "\\") else {
                content.append(byte)
                continue
            }
            guard let escaped = next else { break }
            content.append(escaped)
            index += 1
        }
        guard next != nil else { throw ImageError(.corrupt, "the text ends inside quotation marks") }
        index += 1
        return String(decoding: content, as: UTF8.self)
    }

    // MARK: Characters

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipBlanks() {
        while let byte = next {
            if byte == UInt8(ascii: "#") {
                while let byte = next, byte != UInt8(ascii: "\n") { index += 1 }
            } else if byte == UInt8(ascii: " ") || (0x09...0x0D).contains(byte) {
                index += 1
            } else {
                return
            }
        }
    }

    /// True if `byte` may be part of a name: those of volumes have letters, digits and `+_.-`.
    static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "+_.-".utf8.contains(byte)
        }
    }

    private static func isOfNumber(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.".utf8.contains(byte)
    }

    // MARK: Limits and errors

    private mutating func countOne() throws(ImageError) {
        count += 1
        guard count <= Self.maximumCount else {
            throw error("comes after \(Self.maximumCount) names and values", .limit)
        }
    }

    /// The error that what comes next `does` something.
    private func error(_ does: String, _ code: ImageError.Code = .corrupt) -> ImageError {
        let found = next.map { "\"\(printable([$0]))\"" } ?? "the end"
        return ImageError(code, "\(found) at byte \(index) of the text \(does)")
    }
}
