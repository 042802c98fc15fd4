import TestSupport
import VitrineFormats

@testable import VitrineIndex

/// An index file that says whatever a test wants, with every hash right.
struct ForgedIndex {
    struct Record {
        var start: UInt64 = 0
        var end: UInt64 = 1000
        var input: UInt64 = 10
        var detailOffset: UInt64 = 0
        var detailCount: UInt32 = 4
    }

    var subject = IndexSubject(
        kind: SeekKind.xz.number, fingerprint: Fingerprint(of: "xz", depth: 1, in: .none), inputSize: 100_000,
        size: 1 << 20)
    var records = [Record(), Record(start: 2000, end: 3000, input: 20, detailOffset: 4)]
    var zeroes: [(UInt64, UInt64)] = [(0, 500), (2100, 3000)]
    var details: [UInt8] = Array(0..<8)
    /// Bytes of the header, by offset.
    var header: [Int: UInt8] = [:]
    /// Sections beyond the necessary ones.
    var extra: [(type: UInt32, bytes: [UInt8])] = []
    /// The number of bytes missing from the last record.
    var cut = 0
    /// The number added to the offset of the second section.
    var shift: Int64 = 0

    var bytes: [UInt8] {
        var spans = ByteWriter()
        for record in records {
            spans.append(record.start)
            spans.append(record.end)
            spans.append(record.input)
            spans.append(UInt32(1))
            spans.append(record.detailCount)
            spans.append(record.detailOffset)
            let detail = Array(details.dropFirst(Int(record.detailOffset)).prefix(Int(record.detailCount)))
            spans.append(XXH3.hash(detail.span))
        }
        var runs = ByteWriter()
        for (start, end) in zeroes {
            runs.append(start)
            runs.append(end)
        }
        var body = details
        var sections = [IndexSection(detailsAt: 4096, count: UInt64(details.count))]
        let usual: [(type: UInt32, bytes: [UInt8])] = [
            (0x8000_0001, spans.bytes.dropLast(cut)), (3, runs.bytes),
        ]
        for (type, bytes) in usual + extra {
            var section = IndexSection(.spans, at: UInt64(4096 + body.count), bytes)
            section.type = type
            sections.append(section)
            body += bytes
        }
        sections[1].offset = UInt64(bitPattern: Int64(sections[1].offset) + shift)
        var top = IndexHeader(subject, sections: sections).bytes
        for (offset, byte) in header { top[offset] = byte }
        top.removeLast(8)
        var file = ByteWriter()
        file.append(top)
        file.append(XXH3.hash(top.span))
        file.append(body)
        file.append(UInt64(4096 + body.count + 16))
        file.append(IndexFormat.endMagic)
        return file.bytes
    }
}

extension Fingerprint {
    /// The fingerprint of no image: that of the golden file.
    static var none: Fingerprint {
        var hash = SHA256()
        let text = Array("an image that is not there".utf8)
        hash.update(text.span)
        return Fingerprint(bytes: hash.digest()) ?? .none
    }
}
