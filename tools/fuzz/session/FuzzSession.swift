import NIOCore
import VitrineExports
import VitrineFormats
import VitrineServer

private let exports = ExportList([
    Export(name: "", description: "a disk", source: MemorySource([UInt8](repeating: 1, count: 1 << 16))),
    Export(name: "p1", description: "a partition", source: MemorySource([UInt8](repeating: 2, count: 512))),
    Export(name: "b", description: "a disk with bitmaps", source: DiskWithBitmaps()),
])

private final class DiskWithBitmaps: Source {
    let size: UInt64 = 1 << 40
    let bitmaps: [any DirtyBitmap] = ["a", "b:c", "\u{e9}", "e\u{301}"].map { Clean(name: $0) }

    func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        throw ImageError(.io, "nothing is read of it")
    }

    private struct Clean: DirtyBitmap {
        let name: String
        let granularity: UInt64 = 65_536

        func extent(in range: Range<UInt64>) throws(ImageError) -> (range: Range<UInt64>, isDirty: Bool) {
            (range, false)
        }
    }
}

/// Says any bytes to a session: every request that comes out must lie inside its export, the output
/// must stay in proportion to the input, and all of it must be the same however the input is cut.
///
/// The first byte says where it is cut.
func fuzzSession(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let whole = converse([bytes[1...]])
    let cut = min(bytes.count, 1 + Int(first))
    let halves = converse([bytes[1..<cut], bytes[cut...]])
    precondition(whole.output == halves.output && whole.events == halves.events)
    precondition(whole.output.readableBytes <= 1024 + 64 * bytes.count)
}

private func converse(_ parts: [ArraySlice<UInt8>]) -> (output: ByteBuffer, events: [Session.Event]) {
    var session = Session(exports)
    var output = ByteBuffer()
    var events: [Session.Event] = []
    session.greet(&output)
    var input = ByteBuffer()
    for part in parts {
        input.writeBytes(part)
        var reply = ByteBuffer()
        while let event = session.receive(&input, &reply) {
            // What has been sent is gone from the buffer.
            output.writeBuffer(&reply)
            reply.clear()
            if event == .pause { continue }
            events.append(event)
            if case .perform(let request) = event {
                precondition(!request.range.isEmpty)
                precondition(request.range.upperBound <= session.export?.source.size ?? 0)
            }
        }
        output.writeBuffer(&reply)
    }
    return (output, events)
}
