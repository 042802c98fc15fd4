import Testing
import VitrineFiles
import VitrineFormats

/// What the process may say that reads an ext4, and how it is taken.
struct ExtReaderTests {
    /// A process that says what was put down for it.
    private final class Channel: ReaderChannel {
        private var words: ArraySlice<UInt8>
        private(set) var sent: [[UInt8]] = []
        var isLost: Bool { words.isEmpty }

        init(_ frames: [(kind: UInt32, content: [UInt8])]) {
            var words = ByteWriter()
            for (kind, content) in frames {
                words.append(kind)
                words.append(UInt32(content.count))
                words.append(content)
            }
            self.words = words.bytes[...]
        }

        func send(_ bytes: [UInt8]) { sent.append(bytes) }

        func receive(_ count: Int) throws(ImageError) -> [UInt8] {
            guard count <= words.count else { throw ImageError(.io, "it has ended") }
            defer { words = words.dropFirst(count) }
            return Array(words.prefix(count))
        }
    }

    private static let part: UInt32 = 1
    private static let end: UInt32 = 2
    private static let wanted: UInt32 = 3

    private func range(_ offset: UInt64, _ count: UInt64) -> [UInt8] {
        var bytes = ByteWriter()
        bytes.append(offset)
        bytes.append(count)
        return bytes.bytes
    }

    private func error(_ channel: Channel) -> String {
        do throws(ImageError) {
            _ = try ExtFiles(MemorySource([1, 2, 3, 4]), channel)
            return "none"
        } catch {
            return error.reason
        }
    }

    @Test func theBytesThatAreWantedAreGiven() {
        let channel = Channel([(Self.wanted, range(1, 2)), (Self.wanted, range(3, 2)), (Self.end, [])])
        #expect(error(channel) == "none")
        #expect(channel.sent.dropFirst() == [[1, 0, 0, 0, 2, 3], [0, 0, 0, 0]])
    }

    @Test func whatCouldNotBeReadIsTheReason() {
        let channel = Channel([(Self.wanted, range(3, 2)), (Self.end, Array("short read".utf8))])
        #expect(error(channel) == "read of 2 bytes at 3 passes the end at 4")
        #expect(error(Channel([(Self.end, Array("bad\u{1B}".utf8))])) == "bad\\u{1B}")
    }

    @Test func nonsenseIsRefused() {
        for frame in [
            (Self.wanted, range(0, 0)), (Self.wanted, range(0, 1 << 21)), (Self.wanted, [1]),
            (7, []), (Self.part, [UInt8](repeating: 0, count: 70_000)),
        ] {
            #expect(error(Channel([frame, (Self.end, [])])).hasPrefix("the reader of the file system sent "))
        }
    }

    /// The rest of a result must not be taken for the next one.
    @Test func aResultThatIsTooLongIsTakenToItsEnd() throws {
        var inode = [UInt8](repeating: 0, count: 48)
        inode.replaceSubrange(20..<24, with: [0xED, 0x41, 0, 0])
        let channel = Channel([
            (Self.end, []), (Self.part, inode), (Self.part, inode), (Self.end, []), (Self.part, inode),
            (Self.end, []),
        ])
        let files = try ExtFiles(MemorySource([1]), channel)
        #expect(throws: ImageError(.limit, "it takes more than 48 bytes to describe")) { try files.tree }
        #expect(try files.tree.root.attributes.kind == .directory)
    }
}
