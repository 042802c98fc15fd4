/// The flags in the header of a stream, which its footer repeats (.xz file format, section 2.1.1).
struct XZStreamFlags: Equatable, Sendable {
    /// The length in bytes of a stream header, and of a stream footer.
    static let size = 12

    /// The first bytes of every stream.
    static let headerMagic: [UInt8] = [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]
    /// The last bytes of every stream: "YZ".
    static let footerMagic: [UInt8] = [0x59, 0x5A]

    let check: XZCheck

    /// Reads the stream header at `offset` (section 2.1.1).
    init(headerOf source: any Source, at offset: UInt64) throws(ImageError) {
        let fields = try Fields("stream header", of: source, at: offset, count: Self.size)
        try fields.require("stream header magic", at: 0, is: Self.headerMagic)
        // The CRC is checked first, so that damage is not taken for a newer format.
        try fields.requireCRC32("stream header CRC32", at: 8, of: 6..<8)
        self = try Self.flags("stream header flags", fields, at: 6)
    }

    private init(check: XZCheck) {
        self.check = check
    }

    static func flags(_ field: StaticString, _ fields: Fields, at offset: Int) throws(ImageError) -> Self {
        let first = try fields.little(field, at: offset, as: UInt8.self)
        let second = try fields.little(field, at: offset + 1, as: UInt8.self)
        guard first == 0, second & 0xF0 == 0 else {
            throw ImageError(
                .unsupported,
                "\(field) at \(fields.position(offset)) are \(hex([first, second])), expected 00 0x: "
                    + "a newer version of the format")
        }
        return Self(check: XZCheck(id: second))
    }
}

/// The footer of a stream (.xz file format, section 2.1.2).
struct XZStreamFooter: Sendable {
    let flags: XZStreamFlags
    /// The length of the index in bytes: a multiple of 4, from 4 to 16 GiB.
    let backwardSize: UInt64

    /// Reads the stream footer at `offset`.
    init(of source: any Source, at offset: UInt64) throws(ImageError) {
        let fields = try Fields("stream footer", of: source, at: offset, count: XZStreamFlags.size)
        do throws(ImageError) {
            try fields.require("stream footer magic", at: 10, is: XZStreamFlags.footerMagic)
        } catch {
            throw ImageError(
                .corrupt, error.reason + ": the file is cut short, or something else follows the xz data")
        }
        try fields.requireCRC32("stream footer CRC32", at: 0, of: 4..<10)
        backwardSize = UInt64(try fields.little("backward size", at: 4, as: UInt32.self)) * 4 + 4
        flags = try XZStreamFlags.flags("stream footer flags", fields, at: 8)
    }
}
