import NIOCore
import VitrineExports
import VitrineFormats

@testable import VitrineServer

/// Two exports: the default one of 1 MiB, and `p1` of 4096 bytes.
let testExports = ExportList([
    Export(
        name: "", description: "a disk",
        source: MemorySource((0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 >> 9) })),
    Export(name: "p1", description: "a partition", source: MemorySource([UInt8](repeating: 7, count: 4096))),
])

/// The output and events of a session that has been given everything a client sends.
struct Conversation: Equatable {
    var output = ByteBuffer()
    var events: [Session.Event] = []

    /// Feeds `bytes` to a new session, cut at `cuts`.
    init(_ bytes: [UInt8], cuts: [Int] = []) {
        var session = Session(testExports)
        session.greet(&output)
        feed(bytes, cuts: cuts, to: &session)
    }

    mutating func feed(_ bytes: [UInt8], cuts: [Int] = [], to session: inout Session) {
        var input = ByteBuffer()
        var start = 0
        for end in cuts + [bytes.count] {
            input.writeBytes(bytes[start..<end])
            start = end
            var part = ByteBuffer()
            while let event = session.receive(&input, &part) {
                // What has been sent is gone from the buffer.
                output.writeBuffer(&part)
                part.clear()
                if event != .pause { events.append(event) }
            }
            output.writeBuffer(&part)
        }
    }

    /// The replies to options, after the greeting.
    var optionReplies: [OptionReply]? {
        var buffer = output
        buffer.moveReaderIndex(forwardBy: 18)
        return OptionReply.all(&buffer)
    }
}
