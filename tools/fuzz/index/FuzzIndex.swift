import VitrineFormats
import VitrineIndex

/// Loads any bytes as an index file and reads what they hold: an error is fine, a crash is not.
///
/// Hashes stop a fuzzer, so each input is also tried with those of the header and the sections mended.
func fuzzIndex(_ bytes: [UInt8]) {
    var bytes = bytes
    load(bytes)
    guard bytes.count >= 4096 else { return }
    let fields = Fields(bytes, at: 0)
    for entry in stride(from: 96, to: 96 + 32 * 8, by: 32) {
        guard let type: UInt32 = try? fields.little("type", at: entry), type != 0x8000_0002,
            let offset: UInt64 = try? fields.little("offset", at: entry + 8),
            let length: UInt64 = try? fields.little("length", at: entry + 16),
            offset <= UInt64(bytes.count), length <= UInt64(bytes.count) - offset
        else { continue }
        let section = Array(bytes[Int(offset)..<Int(offset + length)])
        put(XXH3.hash(section.span), into: &bytes, at: entry + 24)
    }
    let header = Array(bytes[..<4088])
    put(XXH3.hash(header.span), into: &bytes, at: 4088)
    load(bytes)
}

private func put(_ value: UInt64, into bytes: inout [UInt8], at offset: Int) {
    for byte in 0..<8 { bytes[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(byte))) }
}

private func load(_ bytes: [UInt8]) {
    guard let index = try? IndexFile(MemorySource(bytes)) else { return }
    var end: UInt64 = 0
    for record in index.records {
        precondition(record.span.range.lowerBound >= end && !record.span.range.isEmpty)
        end = record.span.range.upperBound
        _ = try? index.detail(of: record)
    }
    precondition(end <= index.subject.size ?? .max)
    for (run, next) in zip(index.zeroes, index.zeroes.dropFirst()) {
        precondition(!run.isEmpty && run.upperBound < next.lowerBound)
    }
}
