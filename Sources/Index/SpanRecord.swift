package import VitrineFormats

/// A record of the SPANS section: a span, and the place of its detail in the file.
///
///      0  start          8   of the span in the layer, in bytes
///      8  end            8
///     16  input          8   where decoding starts in the data that the layer is decoded from, in bytes
///     24  time           4   the CPU time that decoding takes, in microseconds
///     28  detail length  4   in bytes
///     32  detail offset  8   from the start of the DETAILS section
///     40  detail hash    8   XXH3 of the detail
package struct SpanRecord: Hashable, Sendable {
    package var span: SeekSpan
    package var detailOffset: UInt64
    package var detailCount: Int
    package var detailHash: UInt64

    /// Reads record `number` of a section that belongs to the layer `subject`.
    init(_ section: Fields, _ number: Int, _ subject: IndexSubject) throws(ImageError) {
        let offset = number * IndexFormat.spanSize
        let start: UInt64 = try section.little("span start", at: offset)
        let end: UInt64 = try section.little("span end", at: offset + 8)
        let input: UInt64 = try section.little("span input", at: offset + 16)
        let count: UInt32 = try section.little("detail length", at: offset + 28)
        guard start < end, subject.admits(start..<end, input: input) else {
            throw ImageError(
                .corrupt,
                "span at \(section.position(offset)) is \(start) to \(end) from \(input), expected to lie in \(subject.size.map(String.init) ?? "any number of") bytes from \(subject.inputSize)"
            )
        }
        guard count <= UInt32(IndexFormat.maximumDetail) else {
            throw ImageError(
                .corrupt,
                "detail length at \(section.position(offset + 28)) is \(count), expected \(IndexFormat.maximumDetail) at most"
            )
        }
        span = SeekSpan(range: start..<end, input: input, time: try section.little("time", at: offset + 24))
        detailCount = Int(count)
        detailOffset = try section.little("detail offset", at: offset + 32)
        detailHash = try section.little("detail hash", at: offset + 40)
    }

    /// The record of `span`, whose `detail` lies at `offset`.
    init(_ span: SeekSpan, _ detail: [UInt8], at offset: UInt64) {
        self.span = span
        detailOffset = offset
        detailCount = detail.count
        detailHash = XXH3.hash(detail.span)
    }

    /// Appends the record to a section.
    func write(to section: inout ByteWriter) {
        section.append(span.range.lowerBound)
        section.append(span.range.upperBound)
        section.append(span.input)
        section.append(span.time)
        section.append(UInt32(detailCount))
        section.append(detailOffset)
        section.append(detailHash)
    }
}
