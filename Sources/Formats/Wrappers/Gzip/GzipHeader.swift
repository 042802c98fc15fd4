/// The header of a member of a gzip file (RFC 1952, section 2.3).
struct GzipHeader {
    /// The name of the file that was compressed. Nil if it was not recorded. It may hold anything.
    private(set) var name: [UInt8]?

    static let magic: [UInt8] = [0x1F, 0x8B]
    /// The number of the only method there is: deflate.
    static let deflate: UInt8 = 8
    /// The most bytes that a name or a comment may have: the RFC sets no bound.
    private static let maximumText = 1 << 20

    /// The bits of the byte FLG.
    private enum Flag {
        static let headerCRC: UInt8 = 0x02
        static let extra: UInt8 = 0x04
        static let name: UInt8 = 0x08
        static let comment: UInt8 = 0x10
        static let reserved: UInt8 = 0xE0
    }

    /// The reason that there is no sound header.
    enum Fault {
        /// There is no member: the bytes are something else.
        case magic
        /// The file ends in it.
        case cut
        /// It is a header, with something wrong in it.
        case content
    }

    /// Reads the header that starts at `offset` of the file. `next` takes the next byte, and returns nil at the file's end.
    ///
    /// Throws `corrupt`, `unsupported` or `limit` if there is no sound header; `fault` then says why.
    init(
        at offset: UInt64, _ fault: inout Fault, next: () throws(ImageError) -> UInt8?
    ) throws(ImageError) {
        fault = .content
        var bytes: [UInt8] = []
        func take(_ field: String) throws(ImageError) -> UInt8 {
            guard let byte = try next() else {
                fault = .cut
                throw ImageError(
                    .corrupt,
                    "the file ends at \(offset + UInt64(bytes.count)), in the \(field) of the member at \(offset)"
                )
            }
            bytes.append(byte)
            return byte
        }
        func text(_ field: String) throws(ImageError) -> [UInt8] {
            let start = bytes.count
            while try take(field) != 0 {
                guard bytes.count - start <= Self.maximumText else {
                    throw ImageError(
                        .limit, "\(field) of the member at \(offset) is longer than \(Self.maximumText) bytes"
                    )
                }
            }
            return Array(bytes[start..<bytes.count - 1])
        }
        for expected in Self.magic {
            let found = try take("magic number")
            guard found == expected else {
                fault = .magic
                throw ImageError(
                    .corrupt, "magic number of the member at \(offset) is \(hex(bytes)), expected 0x1f8b")
            }
        }
        let method = try take("header")
        guard method == Self.deflate else {
            throw ImageError(
                .corrupt, "method at \(offset + 2) is \(method), expected \(Self.deflate) for deflate")
        }
        let flags = try take("header")
        guard flags & Flag.reserved == 0 else {
            throw ImageError(.unsupported, "flags at \(offset + 3) are \(hex(flags)), with reserved bits")
        }
        // The time, and what the encoder says of itself and of its system.
        for _ in 0..<6 { _ = try take("header") }
        if flags & Flag.extra != 0 {
            let count =
                Int(try take("length of the extra field")) | Int(try take("length of the extra field")) << 8
            for _ in 0..<count { _ = try take("extra field") }
        }
        if flags & Flag.name != 0 { name = try text("file name") }
        if flags & Flag.comment != 0 { _ = try text("comment") }
        if flags & Flag.headerCRC != 0 {
            let computed = UInt16(truncatingIfNeeded: CRC32.of(bytes))
            let place = offset + UInt64(bytes.count)
            let stored = UInt16(try take("header CRC")) | UInt16(try take("header CRC")) << 8
            guard stored == computed else {
                throw ImageError(
                    .corrupt, "header CRC at \(place) is \(hex(stored)), the header gives \(hex(computed))")
            }
        }
    }
}
