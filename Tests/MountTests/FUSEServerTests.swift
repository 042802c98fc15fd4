import Glibc
import Logging
import TestSupport
import Testing
import VitrineFormats

@testable import VitrineMount

/// The replies to requests for the content of files, over a socket in place of /dev/fuse.
struct FUSEServerTests {
    /// The kernel's side of a connection.
    private final class Kernel {
        let log = LogLines()
        private let engine = Engine(threads: 2)
        private let end: Int32
        private var number: UInt64 = 100

        init(
            _ source: any Source, for reader: FUSEFolder.File.Reader = .programs, patience: UInt64 = 60
        ) throws {
            var pair: [Int32] = [-1, -1]
            // Each write is one message, as with /dev/fuse.
            try #require(unsafe socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &pair) == 0)
            end = pair[1]
            let folder = FUSEFolder(
                files: [.init(name: "disk", source: source, for: reader)], user: 1, group: 2)
            let server = try FUSEServer(
                pair[0], folder, engine.workers, Logger(label: "test") { [log] _ in log }, patience: patience)
            server.start()
        }

        deinit { close(end) }

        /// Sends a request for the file.
        func send(_ opcode: UInt32, _ arguments: [UInt8]) -> UInt64 {
            number += 1
            var writer = ByteWriter()
            writer.append(UInt32(40 + arguments.count))
            writer.append(opcode)
            writer.append(number)
            writer.append(UInt64(2))
            writer.pad(to: 40)
            writer.append(arguments)
            let bytes = writer.bytes
            #expect(unsafe Glibc.write(end, bytes, bytes.count) == bytes.count)
            return number
        }

        /// The next reply.
        func receive() throws -> (number: UInt64, error: Int32, body: [UInt8]) {
            var bytes = [UInt8](repeating: 0, count: 2 << 20)
            let count = unsafe Glibc.read(end, &bytes, bytes.count)
            try #require(count >= 16)
            let fields = Fields(Array(bytes[..<count]), at: 0)
            #expect(try fields.little("len", at: 0, as: UInt32.self) == UInt32(count))
            return (
                try fields.little("unique", at: 8), -(try fields.little("error", at: 4, as: Int32.self)),
                Array(bytes[16..<count])
            )
        }

        /// The reply to a request, when no other waits for one.
        func ask(_ opcode: UInt32, _ arguments: [UInt8]) throws -> (error: Int32, body: [UInt8]) {
            let sent = send(opcode, arguments)
            let reply = try receive()
            #expect(reply.number == sent)
            return (reply.error, reply.body)
        }
    }

    /// `fuse_read_in`
    private func read(_ offset: UInt64, _ size: UInt32) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(UInt64(0))
        writer.append(offset)
        writer.append(size)
        writer.pad(to: 40)
        return writer.bytes
    }

    /// `fuse_lseek_in`
    private func seek(_ offset: UInt64, _ whence: UInt32) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(UInt64(0))
        writer.append(offset)
        writer.append(whence)
        writer.append(UInt32(0))
        return writer.bytes
    }

    private let content = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }

    @Test(arguments: [true, false])
    func reads(isHot: Bool) throws {
        let kernel = try Kernel(ObservedSource(content, isHot: isHot))
        for (offset, size, expected) in [
            (0, 4096, 0..<4096), (99_999, 4096, 99_999..<100_000), (5, 0, 5..<5), (100_000, 1, 0..<0),
            (.max, 1, 0..<0), (0, 1 << 20, 0..<100_000),
        ] as [(UInt64, UInt32, Range<Int>)] {
            let reply = try kernel.ask(15, read(offset, size))
            #expect(reply.error == 0)
            #expect(reply.body == Array(content[expected]))
        }
        #expect(kernel.log.all == [])
    }

    @Test(arguments: [true, false])
    func holesAndData(isHot: Bool) throws {
        let kernel = try Kernel(ObservedSource(content, holes: [10..<20, 99_000..<100_000], isHot: isHot))
        for (offset, whence, expected) in [
            (0, 3, 0), (0, 4, 10), (10, 3, 20), (10, 4, 10), (20, 4, 99_000), (99_500, 4, 99_500),
        ] as [(UInt64, UInt32, UInt64)] {
            let reply = try kernel.ask(46, seek(offset, whence))
            #expect(reply.error == 0)
            #expect(try Fields(reply.body, at: 0).little("offset", at: 0, as: UInt64.self) == expected)
            #expect(reply.body.count == 8)
        }
        for (offset, whence, error) in [
            (99_500, 3, ENXIO), (100_000, 3, ENXIO), (100_000, 4, ENXIO), (0, 0, EINVAL), (0, .max, EINVAL),
        ] as [(UInt64, UInt32, Int32)] {
            #expect(try kernel.ask(46, seek(offset, whence)).error == error)
        }
    }

    /// A damaged place is an error for the reader, and a line in the log.
    @Test(arguments: [true, false])
    func damage(isHot: Bool) throws {
        let kernel = try Kernel(ObservedSource(content, failing: 50..<60, isHot: isHot))
        for _ in 0..<3 { #expect(try kernel.ask(15, read(0, 100)).error == EIO) }
        #expect(try kernel.ask(15, read(60, 100)).body == Array(content[60..<160]))
        #expect(
            kernel.log.all == ["warning: read of 100 bytes at 0 of \"disk\": bytes 50 to 60 are bad"])
    }

    /// fuse2fs takes the number of an error for a number of bytes, and too few bytes for an error.
    @Test func damageForFuse2fsIsAShortRead() throws {
        let kernel = try Kernel(ObservedSource(content, failing: 50..<60), for: .fuse2fs)
        let reply = try kernel.ask(15, read(0, 100))
        #expect(reply.error == 0)
        #expect(reply.body == [])
        #expect(kernel.log.all.count == 1)
    }

    @Test func filesAreNotWrittenTo() throws {
        let kernel = try Kernel(ObservedSource(content))
        #expect(try kernel.ask(16, read(0, 0)).error == EROFS)
    }

    /// A source that answers only when its gate is open.
    private final class Gated: Source {
        let size: UInt64 = 4096
        let gate = Monitor(false)
        let left = Monitor(0)

        func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
            gate.wait { $0 ? () : nil }
            for index in buffer.indices { buffer[index] = 7 }
            left.change { $0 += 1 }
        }
    }

    /// Whoever waits for it cannot be killed. What comes after all is not sent: the kernel has forgotten the request.
    @Test func aReadFailsWhenNothingMakesProgress() throws {
        let source = Gated()
        let kernel = try Kernel(source, patience: 0)
        #expect(try kernel.ask(15, read(0, 100)).error == EIO)
        #expect(kernel.log.all.count == 1)
        #expect(
            kernel.log.all.first?.hasPrefix("warning: read of 100 bytes at 0 of \"disk\": nothing was read")
                == true)
        source.gate.change { $0 = true }
        source.left.wait { $0 == 1 ? () : nil }
        #expect(try kernel.ask(15, read(0, 10)).error == 0)
    }

    @Test func severalReadsAreUnderWayAtOnce() throws {
        let source = Gated()
        let kernel = try Kernel(source)
        let sent = [kernel.send(15, read(0, 1)), kernel.send(15, read(1, 2))]
        // What takes no waiting is answered meanwhile.
        #expect(try kernel.ask(46, seek(5000, 3)).error == ENXIO)
        source.gate.change { $0 = true }
        #expect(try Set([kernel.receive().number, kernel.receive().number]) == Set(sent))
    }
}
