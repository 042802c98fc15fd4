import VitrineFormats

/// An entry of the section table: the type of a section, and its place in the file.
struct IndexSection: Equatable {
    /// The contents of a section. The highest bit says that a file cannot be used without understanding it.
    enum Kind: UInt32 {
        case spans = 0x8000_0001
        case details = 0x8000_0002
        case zeroes = 0x0000_0003
        case name = 0x0000_0004
    }

    /// The bit of a section's type that says that the file cannot be used without understanding the section.
    static let criticalBit: UInt32 = 0x8000_0000

    /// The type of the section: one of `Kind`, or of a later version.
    var type: UInt32
    /// The offset of the section in the file, in bytes.
    var offset: UInt64
    /// The length of the section in bytes.
    var count: UInt64
    /// The XXH3 of the section's bytes. 0 for the section of details, which have one each.
    var hash: UInt64

    /// The entry at `offset` of the header.
    init(_ fields: Fields, at offset: Int) throws(ImageError) {
        type = try fields.little("section type", at: offset)
        self.offset = try fields.little("section offset", at: offset + 8)
        count = try fields.little("section length", at: offset + 16)
        hash = try fields.little("section hash", at: offset + 24)
    }

    /// The section of `kind` that holds `bytes`.
    init(_ kind: Kind, at offset: UInt64, _ bytes: [UInt8]) {
        type = kind.rawValue
        self.offset = offset
        count = UInt64(bytes.count)
        hash = XXH3.hash(bytes.span)
    }

    /// The section of the details.
    init(detailsAt offset: UInt64, count: UInt64) {
        type = Kind.details.rawValue
        self.offset = offset
        self.count = count
        hash = 0
    }

    /// Appends the entry to a header.
    func write(to header: inout ByteWriter) {
        header.append(type)
        header.append(UInt32(0))
        header.append(offset)
        header.append(count)
        header.append(hash)
    }
}
