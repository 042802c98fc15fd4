import VitrineFormats

/// The contents of an index file that is yet to be written.
struct IndexContents: Sendable {
    var subject: IndexSubject
    /// The image's name.
    var name: String
    var spans: SpanTable
    var zeroes: ByteRanges

    /// Adds the spans of `other` that overlap neither a span of these contents nor `excluded`, and the zeroes in them.
    ///
    /// Returns the added spans.
    mutating func merge(_ other: IndexFile, except excluded: ByteRanges) -> [SeekSpan] {
        guard other.subject == subject else { return [] }
        var taken: [SeekSpan] = []
        for record in other.records {
            let range = record.span.range
            guard !spans.overlaps(range), excluded.within(range).isEmpty,
                spans.kept.count < IndexFormat.maximumSpans
            else { continue }
            spans.insert(KeptSpan(span: record.span, detail: .saved(other, record)))
            for run in other.zeroRuns.within(range) { zeroes.insert(run) }
            taken.append(record.span)
        }
        return taken
    }

    /// Writes an index file, seals it, and reads it back.
    ///
    /// Leaves out spans whose detail can no longer be read. Throws what writing throws.
    func write(to file: NewFile) throws(ImageError) -> IndexFile {
        let start = UInt64(IndexFormat.headerSize)
        var end = start
        var table = ByteWriter()
        var ranges: [Range<UInt64>] = []
        for kept in spans.kept {
            guard let detail = try? kept.read() else { continue }
            SpanRecord(kept.span, detail, at: end - start).write(to: &table)
            ranges.append(kept.span.range)
            try file.write(detail, at: end)
            end += UInt64(detail.count)
        }
        var runs = ByteWriter()
        for run in zeroes.within(ranges).runs.prefix(IndexFormat.maximumZeroRuns) {
            runs.append(run.lowerBound)
            runs.append(run.upperBound)
        }
        var sections = [IndexSection(detailsAt: start, count: end - start)]
        let name = Array(name.utf8.prefix(IndexFormat.maximumName))
        for (kind, bytes) in [(.spans, table.bytes), (.zeroes, runs.bytes), (.name, name)]
            as [(IndexSection.Kind, [UInt8])]
        {
            sections.append(IndexSection(kind, at: end, bytes))
            try file.write(bytes, at: end)
            end += UInt64(bytes.count)
        }
        var trailer = ByteWriter()
        trailer.append(end + UInt64(IndexFormat.trailerSize))
        trailer.append(IndexFormat.endMagic)
        try file.write(trailer.bytes, at: end)
        try file.write(IndexHeader(subject, sections: sections).bytes, at: 0)
        return try IndexFile(try file.seal(durably: true))
    }
}
