import VitrineFormats

/// The first 4096 bytes of an index file: the layer that it is an index of, and the places of its sections.
///
///        0  magic             8   89 56 53 49 0d 0a 1a 0a
///        8  major version     2   2
///       10  minor version     2   0
///       12  header length     4   4096
///       16  layer kind        4   1 = LZMA2 in xz, 2 = grains of a VMDK stream
///       20  piece length      4   131072
///       24  breaking features 8   0; a file with a bit that is not known is not read
///       32  optional features 8   0; bits that are not known do not matter
///       40  fingerprint      32
///       72  input size        8   of the data that the layer is decoded from
///       80  layer size        8   of the decoded layer; all ones if only decoding all of it tells
///       88  section count     4
///       92                    4   0
///       96  section table    32 each
///     4088  header hash       8   XXH3 of the 4088 bytes before
struct IndexHeader: Equatable {
    var subject: IndexSubject
    /// The sections, in the order they have in the file.
    var sections: [IndexSection]

    private static let hashOffset = IndexFormat.headerSize - 8
    private static let tableOffset = 96

    /// A header for a file with these sections.
    init(_ subject: IndexSubject, sections: [IndexSection]) {
        self.subject = subject
        self.sections = sections
    }

    /// Reads the header at the start of `file`, whose sections lie inside the file, one after the other.
    ///
    /// Throws `corrupt`, or `unsupported` for another version.
    init(of file: any Source) throws(ImageError) {
        let fields = try Fields("header", of: file, at: 0, count: IndexFormat.headerSize)
        try fields.require("magic", at: 0, is: IndexFormat.magic)
        let stored: UInt64 = try fields.little("header hash", at: Self.hashOffset)
        let computed = XXH3.hash(Array(fields.bytes[..<Self.hashOffset]).span)
        guard stored == computed else {
            throw ImageError(
                .corrupt,
                "header hash at \(Self.hashOffset) is \(hex(stored)), the bytes give \(hex(computed))")
        }
        let major: UInt16 = try fields.little("major version", at: 8)
        guard major == IndexFormat.major else {
            throw ImageError(.unsupported, "major version at 8 is \(major), expected \(IndexFormat.major)")
        }
        let length: UInt32 = try fields.little("header length", at: 12)
        guard length == UInt32(IndexFormat.headerSize) else {
            throw ImageError(
                .corrupt, "header length at 12 is \(length), expected \(IndexFormat.headerSize)")
        }
        let breaking: UInt64 = try fields.little("breaking features", at: 24)
        guard breaking == 0 else {
            throw ImageError(.unsupported, "breaking features at 24 are \(hex(breaking)), expected 0x0")
        }
        subject = try Self.subject(fields)
        sections = try Self.sections(fields, end: file.size - UInt64(IndexFormat.trailerSize))
    }

    private static func subject(_ fields: Fields) throws(ImageError) -> IndexSubject {
        let kind: UInt32 = try fields.little("layer kind", at: 16)
        let known = Format.known.compactMap { $0.seekKind?.number }.sorted()
        guard known.contains(kind) else {
            let kinds = known.map(String.init).joined(separator: ", ")
            throw ImageError(.unsupported, "layer kind at 16 is \(kind), expected one of \(kinds)")
        }
        let piece: UInt32 = try fields.little("piece length", at: 20)
        guard piece == UInt32(SeekSpan.pieceSize) else {
            throw ImageError(.unsupported, "piece length at 20 is \(piece), expected \(SeekSpan.pieceSize)")
        }
        guard let fingerprint = Fingerprint(bytes: fields.bytes[40..<72]) else {
            throw ImageError(.corrupt, "fingerprint at 40 is cut off")
        }
        let size: UInt64 = try fields.little("layer size", at: 80)
        return IndexSubject(
            kind: kind, fingerprint: fingerprint, inputSize: try fields.little("input size", at: 72),
            size: size == IndexFormat.unknownSize ? nil : size)
    }

    private static func sections(_ fields: Fields, end: UInt64) throws(ImageError) -> [IndexSection] {
        let count: UInt32 = try fields.little("section count", at: 88)
        guard count <= UInt32(IndexFormat.maximumSections) else {
            throw ImageError(
                .corrupt, "section count at 88 is \(count), expected \(IndexFormat.maximumSections) at most")
        }
        var sections: [IndexSection] = []
        var free = UInt64(IndexFormat.headerSize)
        for number in 0..<Int(count) {
            let offset = tableOffset + number * IndexFormat.sectionSize
            let section = try IndexSection(fields, at: offset)
            guard section.offset >= free, section.offset <= end, section.count <= end - section.offset else {
                throw ImageError(
                    .corrupt,
                    "section at \(offset) has \(section.count) bytes at \(section.offset), expected to lie from \(free) to \(end)"
                )
            }
            free = section.offset + section.count
            sections.append(section)
        }
        return sections
    }

    /// The section of `kind`. Nil if there is none.
    ///
    /// Throws `corrupt` if there are several.
    func section(_ kind: IndexSection.Kind) throws(ImageError) -> IndexSection? {
        let found = sections.filter { $0.type == kind.rawValue }
        guard found.count <= 1 else {
            throw ImageError(.corrupt, "there are \(found.count) sections of type \(hex(kind.rawValue))")
        }
        return found.first
    }

    /// The header as 4096 bytes.
    var bytes: [UInt8] {
        var header = ByteWriter()
        header.append(IndexFormat.magic)
        header.append(IndexFormat.major)
        header.append(IndexFormat.minor)
        header.append(UInt32(IndexFormat.headerSize))
        header.append(subject.kind)
        header.append(UInt32(SeekSpan.pieceSize))
        header.append(UInt64(0))
        header.append(UInt64(0))
        header.append(subject.fingerprint.bytes)
        header.append(subject.inputSize)
        header.append(subject.size ?? IndexFormat.unknownSize)
        header.append(UInt32(sections.count))
        header.append(UInt32(0))
        for section in sections { section.write(to: &header) }
        header.pad(to: Self.hashOffset)
        let hash = XXH3.hash(header.bytes.span)
        header.append(hash)
        return header.bytes
    }
}
