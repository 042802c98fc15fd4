/// The header of a block (.xz file format, section 3.1).
package struct XZBlockHeader: Sendable {
    /// The header's length in bytes: 8 to 1024.
    let size: Int
    /// The length of the compressed data without padding, in bytes.
    let compressedSize: UInt64
    /// One to four filters, in the order in which the encoder applied them. The last is LZMA2.
    package let filters: [LZMADecoder.Filter]
    /// The range of the compressed data in the file, in bytes.
    package let data: Range<UInt64>

    /// The size of the dictionary in bytes, if LZMA2 is the only filter (section 5.3.1). Nil otherwise, and for
    /// impossible properties.
    package var dictionary: UInt64? { filters.count == 1 ? lzma2Dictionary : nil }

    /// The size of LZMA2's dictionary in bytes, whatever other filters there are. Nil for impossible properties.
    var lzma2Dictionary: UInt64? {
        guard let properties = filters.last?.properties, properties.count == 1, properties[0] <= 40 else {
            return nil
        }
        let bits = UInt64(properties[0])
        return bits == 40 ? UInt64(UInt32.max) : (2 | bits & 1) << (bits / 2 + 11)
    }

    private static let lzma2: UInt64 = 0x21
    private static let delta: UInt64 = 0x03
    /// The BCJ filters in section 5.3.2: x86, PowerPC, IA-64, ARM, ARM-Thumb, SPARC, ARM64.
    private static let branchFilters: ClosedRange<UInt64> = 0x04...0x0A

    /// Section 5.4: IDs from 2^62 up are for use inside programs only.
    private static let privateIDs: ClosedRange<UInt64> = 1 << 62...UInt64.max

    /// Reads the header of `block`, which decodes to `uncompressedSize` bytes, and checks it against the index.
    package init(
        of source: any Source, _ block: XZContainer.Block, uncompressedSize: UInt64
    ) throws(ImageError) {
        let sizeByte = try source.bytes(at: block.offset, count: 1)[0]
        guard sizeByte != 0 else {
            throw ImageError(
                .corrupt, "block header size at \(block.offset) is 0x0, which marks an index, not a block")
        }
        size = (Int(sizeByte) + 1) * 4
        let rest = UInt64(size + block.check.size)
        guard rest < block.unpaddedSize else {
            throw ImageError(
                .corrupt,
                "block header at \(block.offset) is \(size) bytes long; "
                    + "the index gives \(block.unpaddedSize) bytes to header, data and check")
        }
        compressedSize = block.unpaddedSize - rest
        let start = block.offset + UInt64(size)
        data = start..<start + compressedSize
        let fields = try Fields("block header", of: source, at: block.offset, count: size)
        // The CRC is checked first, so that damage is not taken for a newer format.
        try fields.requireCRC32("block header CRC32", at: size - 4, of: 0..<size - 4)
        // The sizes in the header of a truncated block do not describe the part that exists.
        filters = try Self.contents(fields, block.isCut ? nil : (compressedSize, uncompressedSize))
    }

    private static func contents(
        _ fields: Fields, _ expected: (compressed: UInt64, uncompressed: UInt64)?
    ) throws(ImageError) -> [LZMADecoder.Filter] {
        let flags = try fields.little("block flags", at: 1, as: UInt8.self)
        guard flags & 0x3C == 0 else {
            throw ImageError(
                .unsupported,
                "block flags at \(fields.position(1)) are \(hex(flags)), with reserved bits: "
                    + "a newer version of the format")
        }
        var reader = ByteReader(fields.bytes[2..<fields.bytes.count - 4], at: fields.position(2))
        if flags & 0x40 != 0 { try require("compressed size", &reader, expected?.compressed) }
        if flags & 0x80 != 0 { try require("uncompressed size", &reader, expected?.uncompressed) }
        var filters: [LZMADecoder.Filter] = []
        for _ in 0...flags & 0x03 { filters.append(try filter(&reader)) }
        try check(filters)
        try checkPadding(&reader)
        return filters
    }

    private static func require(
        _ field: StaticString, _ reader: inout ByteReader, _ expected: UInt64?
    ) throws(ImageError) {
        let place = reader.position
        let found = try reader.variableLengthInteger(field)
        guard let expected, found != expected else { return }
        throw ImageError(
            .corrupt,
            "\(field) in the block header, at \(place), is \(found); the index gives \(expected)")
    }

    private static func filter(_ reader: inout ByteReader) throws(ImageError) -> LZMADecoder.Filter {
        let id = try reader.variableLengthInteger("filter ID")
        let place = reader.position
        let count = try reader.variableLengthInteger("size of properties")
        guard count <= 1024 else {
            throw ImageError(.corrupt, "size of properties at \(place) is \(count), more than a header holds")
        }
        var properties: [UInt8] = []
        for _ in 0..<count { properties.append(try reader.next("filter properties")) }
        return LZMADecoder.Filter(id: id, properties: properties)
    }

    /// Checks that LZMA2 is the last filter and no other one (section 5.3.1), and that all filters are known.
    private static func check(_ filters: [LZMADecoder.Filter]) throws(ImageError) {
        for (index, filter) in filters.enumerated() {
            let isLast = index == filters.count - 1
            switch filter.id {
            case lzma2, delta, branchFilters:
                guard (filter.id == lzma2) == isLast else {
                    throw ImageError(
                        .unsupported,
                        "filter \(index + 1) of \(filters.count) is \(hex(filter.id)); "
                            + "the last must be LZMA2, 0x21, and no other may be")
                }
            case privateIDs:
                throw ImageError(
                    .corrupt,
                    "filter \(index + 1) of \(filters.count) is \(hex(filter.id)), which no file may use")
            default:
                throw ImageError(
                    .unsupported,
                    "filter \(index + 1) of \(filters.count) is \(hex(filter.id)), which vitrine does not "
                        + "know")
            }
        }
    }

    private static func checkPadding(_ reader: inout ByteReader) throws(ImageError) {
        while reader.hasMore {
            let place = reader.position
            let byte = try reader.next("header padding")
            guard byte == 0 else {
                throw ImageError(
                    .unsupported,
                    "header padding at \(place) is \(hex(byte)), expected 0x0: "
                        + "a newer version of the format")
            }
        }
    }

    /// Checks the padding and the check behind the data of `block`. The decoder has taken `used` bytes of the data. The
    /// check must equal the result of `check` (sections 3.3 and 3.4); nil skips the comparison.
    func verifyEnd(
        of source: any Source, _ block: XZContainer.Block, used: UInt64, _ check: XZCheck.Computation?
    ) throws(ImageError) {
        guard used == compressedSize else {
            throw ImageError(
                .corrupt,
                "the data ends after \(used) compressed bytes, the index gives \(compressedSize)")
        }
        let padding = Int((4 - compressedSize % 4) % 4)
        let fields = try Fields(
            "block check", of: source, at: data.upperBound, count: padding + block.check.size)
        try fields.require("block padding", at: 0, is: [UInt8](repeating: 0, count: padding))
        if let computed = check?.stored() {
            let stored = fields.bytes[padding...]
            guard stored.elementsEqual(computed) else {
                throw ImageError(
                    .corrupt,
                    "\(block.check.name) at \(fields.position(padding)) is \(hex(stored)), "
                        + "the data gives \(hex(computed))")
            }
        }
    }
}
