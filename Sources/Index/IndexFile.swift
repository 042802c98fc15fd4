package import VitrineFormats

/// An index file that has been read and found right, except for its details: these are read and checked one by one.
///
/// The file is hostile until checked: every number is checked before it decides an allocation.
package final class IndexFile: Sendable {
    private let file: any Source
    private let details: IndexSection

    /// The layer that it is an index of.
    package let subject: IndexSubject

    /// The image's name, fit to be shown. Empty if it is not known.
    package let name: String

    /// The records of the spans, in the order of the layer. None overlaps another.
    package let records: [SpanRecord]

    let zeroRuns: ByteRanges

    /// The ranges of the layer that are all zeroes, within the spans.
    package var zeroes: [Range<UInt64>] { zeroRuns.runs }

    /// Reads the index in `file`.
    ///
    /// Throws `corrupt` if it is damaged, `unsupported` if it is of another version, `limit` if a section is too long, and what
    /// reading throws.
    package init(_ file: any Source) throws(ImageError) {
        guard file.size >= UInt64(IndexFormat.headerSize + IndexFormat.trailerSize) else {
            throw ImageError(
                .corrupt,
                "the file has \(file.size) bytes, expected \(IndexFormat.headerSize + IndexFormat.trailerSize) at least"
            )
        }
        let header = try IndexHeader(of: file)
        try Self.checkTrailer(of: file)
        for section in header.sections where section.type & IndexSection.criticalBit != 0 {
            guard IndexSection.Kind(rawValue: section.type) != nil else {
                throw ImageError(.unsupported, "a section of type \(hex(section.type)) is not known")
            }
        }
        guard let spans = try header.section(.spans), let details = try header.section(.details) else {
            throw ImageError(.corrupt, "there is no section of spans, or none of details")
        }
        guard details.hash == 0 else {
            throw ImageError(.corrupt, "section hash of the details is \(hex(details.hash)), expected 0x0")
        }
        self.file = file
        self.details = details
        subject = header.subject
        let records = try Self.records(try Self.bytes(of: spans, file), header.subject, details)
        self.records = records
        zeroRuns = try Self.zeroRuns(try Self.bytes(of: header.section(.zeroes), file), records)
        name = printable(
            String(decoding: try Self.bytes(of: header.section(.name), file).bytes, as: UTF8.self))
    }

    /// The detail of the span of `record`, one of `records`.
    ///
    /// Throws `corrupt` if it is not what was written, and what reading throws.
    package func detail(of record: SpanRecord) throws(ImageError) -> [UInt8] {
        let offset = details.offset + record.detailOffset
        let detail = try file.bytes(at: offset, count: record.detailCount)
        let hash = XXH3.hash(detail.span)
        guard hash == record.detailHash else {
            throw ImageError(
                .corrupt,
                "seek index: the detail at \(offset) hashes to \(hex(hash)), expected \(hex(record.detailHash))"
            )
        }
        return detail
    }

    private static func checkTrailer(of file: any Source) throws(ImageError) {
        let trailer = try Fields(
            "trailer", of: file, at: file.size - UInt64(IndexFormat.trailerSize),
            count: IndexFormat.trailerSize)
        let length: UInt64 = try trailer.little("total length", at: 0)
        guard length == file.size else {
            throw ImageError(
                .corrupt,
                "total length at \(trailer.position(0)) is \(length), but the file has \(file.size) bytes")
        }
        try trailer.require("end magic", at: 8, is: IndexFormat.endMagic)
    }

    /// The bytes of `section`, whose type limits their number. Empty if there is no such section.
    private static func bytes(of section: IndexSection?, _ file: any Source) throws(ImageError) -> Fields {
        guard let section else { return Fields([], at: 0) }
        let limit =
            switch IndexSection.Kind(rawValue: section.type) {
            case .spans: IndexFormat.maximumSpans * IndexFormat.spanSize
            case .zeroes: IndexFormat.maximumZeroRuns * IndexFormat.zeroRunSize
            case .name: IndexFormat.maximumName
            case .details, nil: 0
            }
        guard section.count <= UInt64(limit) else {
            throw ImageError(
                .limit,
                "section of type \(hex(section.type)) has \(section.count) bytes, at most \(limit) are read")
        }
        let fields = Fields(try file.bytes(at: section.offset, count: Int(section.count)), at: section.offset)
        let hash = XXH3.hash(fields.bytes.span)
        guard hash == section.hash else {
            throw ImageError(
                .corrupt,
                "section of type \(hex(section.type)) hashes to \(hex(hash)), expected \(hex(section.hash))")
        }
        return fields
    }

    private static func records(
        _ section: Fields, _ subject: IndexSubject, _ details: IndexSection
    ) throws(ImageError) -> [SpanRecord] {
        try requireWhole(section, IndexFormat.spanSize)
        var records: [SpanRecord] = []
        records.reserveCapacity(section.bytes.count / IndexFormat.spanSize)
        var layerEnd: UInt64 = 0
        var detailEnd: UInt64 = 0
        for number in 0..<section.bytes.count / IndexFormat.spanSize {
            let record = try SpanRecord(section, number, subject)
            let place = section.position(number * IndexFormat.spanSize)
            guard record.span.range.lowerBound >= layerEnd else {
                throw ImageError(
                    .corrupt,
                    "span at \(place) starts at \(record.span.range.lowerBound), expected \(layerEnd) or more"
                )
            }
            // Details in order share no bytes, so saving never copies more bytes than the file has.
            guard record.detailOffset >= detailEnd, record.detailOffset <= details.count,
                UInt64(record.detailCount) <= details.count - record.detailOffset
            else {
                throw ImageError(
                    .corrupt,
                    "span at \(place) has \(record.detailCount) bytes of detail at \(record.detailOffset), expected to lie from \(detailEnd) to \(details.count)"
                )
            }
            layerEnd = record.span.range.upperBound
            detailEnd = record.detailOffset + UInt64(record.detailCount)
            records.append(record)
        }
        return records
    }

    private static func zeroRuns(_ section: Fields, _ records: [SpanRecord]) throws(ImageError) -> ByteRanges
    {
        try requireWhole(section, IndexFormat.zeroRunSize)
        var runs: [Range<UInt64>] = []
        runs.reserveCapacity(section.bytes.count / IndexFormat.zeroRunSize)
        for offset in stride(from: 0, to: section.bytes.count, by: IndexFormat.zeroRunSize) {
            let start: UInt64 = try section.little("start of zeroes", at: offset)
            let end: UInt64 = try section.little("end of zeroes", at: offset + 8)
            guard start < end else {
                throw ImageError(.corrupt, "zeroes at \(section.position(offset)) are \(start) to \(end)")
            }
            runs.append(start..<end)
        }
        guard let result = ByteRanges(checking: runs), result.within(records.map(\.span.range)) == result
        else {
            throw ImageError(.corrupt, "zeroes from \(section.base) on overlap, or lie where no span is")
        }
        return result
    }

    private static func requireWhole(_ section: Fields, _ record: Int) throws(ImageError) {
        guard section.bytes.count % record == 0 else {
            throw ImageError(
                .corrupt,
                "section at \(section.base) has \(section.bytes.count) bytes, expected a multiple of \(record)"
            )
        }
    }
}
