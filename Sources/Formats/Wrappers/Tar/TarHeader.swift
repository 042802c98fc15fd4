/// One header block of a tar archive (POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar
/// Format").
struct TarHeader {
    /// The length in bytes of a header, and of the blocks that data is padded to.
    static let blockSize = 512

    /// The format that defines the fields behind those of every tar.
    enum Variant: String {
        case v7, ustar, gnu
    }

    let fields: Fields
    let variant: Variant

    /// The kind of member, or of further header.
    let typeFlag: UInt8

    /// The length in bytes of the data behind the header.
    let size: UInt64

    /// Reads the header in the block `fields`.
    ///
    /// Throws `corrupt` if its checksum does not match its bytes, or its size is not a number below 2^63.
    init(_ fields: Fields) throws(ImageError) {
        try Self.requireChecksum(fields)
        self.fields = fields
        variant = Self.variant(fields.bytes)
        typeFlag = fields.bytes[156]
        size = try Self.number("size", fields, at: 124, width: 12)
    }

    /// True if `head` starts a tar archive with a magic number, which all but the oldest have.
    static func isAtStart(of head: [UInt8]) -> Bool {
        guard head.count >= blockSize, variant(head) != .v7 else { return false }
        // Other damage does not matter here.
        return (try? requireChecksum(Fields(Array(head[..<blockSize]), at: 0))) != nil
    }

    private static func requireChecksum(_ fields: Fields) throws(ImageError) {
        let stored = try? number("header checksum", fields, at: 148, width: 8)
        let sums = checksums(fields.bytes)
        guard let stored, sums.contains(stored) else {
            let text = stored.map { "is \($0)" } ?? "is no octal number"
            throw ImageError(
                .corrupt,
                "header checksum at \(fields.position(148)) \(text), the bytes give \(sums[0]): the archive is "
                    + "damaged, or no tar archive")
        }
    }

    /// The name in the header, with the prefix that ustar has room for.
    var name: [UInt8] {
        let name = Self.text(fields.bytes[..<100])
        // GNU's header has other fields there.
        let prefix = variant == .ustar ? Self.text(fields.bytes[345..<500]) : []
        return prefix.isEmpty ? name : prefix + [UInt8(ascii: "/")] + name
    }

    /// The bytes before the first NUL.
    static func text(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        Array(bytes.prefix { $0 != 0 })
    }

    /// The number in `field`: octal digits, or big-endian if the first bit is set (GNU tar manual, "Basic Tar Format").
    /// 0 if the field is empty.
    ///
    /// Throws `corrupt` for anything else, such as a negative number or one from 2^63 on.
    static func number(
        _ field: StaticString, _ fields: Fields, at offset: Int, width: Int
    ) throws(ImageError) -> UInt64 {
        let bytes = try fields.slice(field, at: offset, count: width)
        let number: UInt64? =
            if let first = bytes.first, first & 0x80 != 0 {
                bigEndian([first & 0x7F] + bytes.dropFirst())
            } else {
                octal(bytes)
            }
        guard let number else {
            throw ImageError(
                .corrupt,
                "\(field) at \(fields.position(offset)) is \(hex(bytes)), expected a number below 2^63"
            )
        }
        return number
    }

    private static func bigEndian(_ bytes: [UInt8]) -> UInt64? {
        guard bytes.dropLast(8).allSatisfy({ $0 == 0 }) else { return nil }
        let number = bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
        return number <= UInt64(Int64.max) ? number : nil
    }

    /// The octal number in `bytes`. It cannot overflow: there are at most 12 digits of three bits.
    private static func octal(_ bytes: [UInt8]) -> UInt64? {
        let digits = bytes.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
        var number: UInt64 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "7") else { return nil }
            number = number << 3 | UInt64(digit & 7)
        }
        return number
    }

    /// The sum of the block's bytes, with blanks in place of the checksum, and the sum of the same bytes as signed,
    /// which some old programs stored.
    private static func checksums(_ block: [UInt8]) -> [UInt64] {
        let bytes = block[..<148] + [UInt8](repeating: 0x20, count: 8) + block[156..<blockSize]
        let sum = bytes.reduce(0) { $0 + UInt64($1) }
        let negative = UInt64(bytes.count { $0 >= 0x80 }) << 8
        return sum >= negative ? [sum, sum - negative] : [sum]
    }

    private static func variant(_ block: [UInt8]) -> Variant {
        guard block[257..<262].elementsEqual("ustar".utf8) else { return .v7 }
        return block[262] == 0x20 ? .gnu : .ustar
    }
}
