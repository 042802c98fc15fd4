import Glibc
import Logging
import NIOCore
import TestSupport
import Testing
import VitrineExports
import VitrineFormats

@testable import VitrineServer

/// The answers to clients when nothing makes progress any more.
@Suite struct StalledWorkersTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func workersHaveStoppedWhereNothingEndsAndTheProcessorIsIdle() {
        var watch = StallWatch(.init(tasks: 5, processorTime: 0), seconds: 60, now: 0)
        let looks: [(tasks: Int, processorTime: UInt64, now: UInt64, hasStopped: Bool)] = [
            (5, 0, 59, false), (5, 1, 60, true),
            // Something long is decoded.
            (5, 2, 61, false), (5, 2, 120, false),
            // Something short ends now and then.
            (6, 2, 120, false), (6, 2, 179, false), (6, 2, 180, true),
        ]
        for look in looks {
            let hasStopped = watch.hasStopped(
                .init(tasks: look.tasks, processorTime: look.processorTime * Self.second),
                now: look.now * Self.second)
            #expect(hasStopped == look.hasStopped, "\(look)")
        }
    }

    @Test func workersTellHowFarTheyHaveCome() {
        let workers = Workers(count: 1)
        #expect(workers.progress == .init(tasks: 0, processorTime: 0))
        var used: UInt64 = 0
        for tasks in 1...3 {
            let isDone = Monitor(false)
            workers.submit(.now) {
                for round in 0..<100_000 { _ = round.description }
                isDone.change { $0 = true }
            }
            isDone.wait { $0 ? () : nil }
            while workers.progress.tasks < tasks { usleep(100) }
            #expect(workers.progress.processorTime > used)
            used = workers.progress.processorTime
        }
    }

    /// A disk whose data from `limit` on cannot be read before the gate is opened.
    private final class GatedSource: Source {
        let limit: UInt64
        let gate = Monitor(false)
        /// The number of reads that have come to the gate.
        let waiting = Monitor(0)

        init(limit: UInt64) {
            self.limit = limit
        }

        var size: UInt64 { 1 << 20 }

        func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
            if offset >= limit {
                waiting.change { $0 += 1 }
                gate.wait { $0 ? () : nil }
            }
            for index in buffer.indices { buffer[index] = 7 }
        }
    }

    /// A client of a server whose disk cannot be read from `limit` on.
    private final class StalledServer {
        let engine: Engine
        let log = LogLines()
        private let disk: GatedSource
        private let server: Server
        private let client: Int32

        init(limit: UInt64 = 0, threads: Int = 1) throws {
            engine = Engine(threads: threads)
            var pair: [Int32] = [0, 0]
            try #require(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
            client = pair[1]
            disk = GatedSource(limit: limit)
            server = try Server(
                ExportList([Export(name: "", description: "a disk", source: disk)]), engine,
                Logger(label: "test") { [log] _ in log }
            ) { _ in }
            try server.serve(connection: pair[0]) {}
        }

        func openGate() { disk.gate.change { $0 = true } }

        /// Waits until `count` reads have come to the gate.
        func waitForReads(_ count: Int) { disk.waiting.wait { $0 >= count ? () : nil } }

        /// Tells the server that its workers make no progress with what they were asked for at `time` or before.
        func giveUp(since time: UInt64) { server.giveUp(WorkersStalled(since: time, seconds: 60)) }

        deinit {
            openGate()
            close(client)
            server.stop()
        }

        func send(_ bytes: [UInt8]) {
            #expect(unsafe write(client, bytes, bytes.count) == bytes.count)
        }

        /// The next `count` bytes, or fewer if the connection ends. If `givingUp`, the server is told meanwhile that
        /// its worker makes no progress.
        func receive(_ count: Int, givingUp: Bool = false) -> ByteBuffer {
            var output = ByteBuffer()
            while output.readableBytes < count {
                if givingUp {
                    server.giveUp(WorkersStalled(since: monotonicTime(), seconds: 60))
                    var look = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
                    guard unsafe poll(&look, 1, 10) > 0 else { continue }
                }
                var some = [UInt8](repeating: 0, count: count - output.readableBytes)
                let received = unsafe read(client, &some, some.count)
                guard received > 0 else { break }
                output.writeBytes(some.prefix(received))
            }
            return output
        }

        /// Chooses the export.
        func enter(structured: Bool) throws {
            var handshake = ClientBytes()
            if structured { handshake.option(8) }
            handshake.choose(7, "")
            send(handshake.bytes)
            _ = receive(18)
            var acknowledged = 0
            while acknowledged < (structured ? 2 : 1) {
                var header = receive(20)
                header.moveReaderIndex(forwardBy: 12)
                let fields = header.readMultipleIntegers(as: (UInt32, UInt32).self)
                let (type, length) = try #require(fields)
                if type == OptionReply.ack { acknowledged += 1 }
                _ = receive(Int(length))
            }
        }
    }

    @Test func requestsAreAnsweredWithAnErrorAndOnlyOnce() throws {
        let server = try StalledServer()
        try server.enter(structured: false)
        var requests = ClientBytes()
        requests.bytes = []
        requests.request(0, cookie: 1, 0, 4096)
        requests.request(5, cookie: 2, 4096, 4096)
        server.send(requests.bytes)
        var output = server.receive(2 * 16, givingUp: true)
        for cookie in [UInt64(1), 2] {
            let reply = output.readMultipleIntegers(as: (UInt32, UInt32, UInt64).self)
            #expect(try #require(reply) == (0x6744_6698, 5, cookie))
        }
        let lines = server.log.all.filter { $0.hasPrefix("warning: ") }
        #expect(lines.count == 1)
        #expect(lines[0].contains("nothing was read or decoded for 60 s, and the processor was idle"))

        // What the worker has done in the end comes too late, and what comes after it is as ever.
        server.openGate()
        while server.engine.workers.progress.tasks < 2 { usleep(100) }
        var request = ClientBytes()
        request.bytes = []
        request.request(0, cookie: 3, 8192, 512)
        server.send(request.bytes)
        var reply = server.receive(16 + 512)
        let header = reply.readMultipleIntegers(as: (UInt32, UInt32, UInt64).self)
        #expect(try #require(header) == (0x6744_6698, 0, 3))
        #expect(Array(reply.readableBytesView) == [UInt8](repeating: 7, count: 512))
    }

    @Test func structuredRepliesSayWhy() throws {
        let server = try StalledServer()
        try server.enter(structured: true)
        var request = ClientBytes()
        request.bytes = []
        request.request(0, cookie: 9, 0, 4096)
        server.send(request.bytes)
        var header = server.receive(20, givingUp: true)
        let kind = header.readMultipleIntegers(as: (UInt32, UInt16, UInt16).self)
        #expect(try #require(kind) == (0x668E_33EF, 1, 0x8001))
        let rest = header.readMultipleIntegers(as: (UInt64, UInt32).self)
        let (cookie, length) = try #require(rest)
        #expect(cookie == 9)
        var body = server.receive(Int(length))
        let error = body.readMultipleIntegers(as: (UInt32, UInt16).self)
        #expect(try #require(error).0 == 5)
        #expect(String(buffer: body).contains("does not answer"))
    }

    /// An error cannot be sent in the middle of a simple reply.
    @Test func aReplyThatIsBegunIsBrokenOff() throws {
        let step = Int(ReadReply.pieceSize)
        let server = try StalledServer(limit: UInt64(step))
        try server.enter(structured: false)
        var request = ClientBytes()
        request.bytes = []
        request.request(0, cookie: 1, 0, UInt32(2 * step))
        server.send(request.bytes)
        #expect(server.receive(16 + step).readableBytes == 16 + step)
        #expect(server.receive(1, givingUp: true).readableBytes == 0)
    }

    /// Another request's error must not be in the middle of a simple reply.
    @Test func aReplyThatIsBegunIsNotInterrupted() throws {
        let step = Int(ReadReply.pieceSize)
        let server = try StalledServer(limit: UInt64(step), threads: 2)
        try server.enter(structured: false)
        var overdue = ClientBytes()
        overdue.bytes = []
        overdue.request(0, cookie: 1, UInt64(step), 512)
        server.send(overdue.bytes)
        server.waitForReads(1)
        let time = monotonicTime()
        var long = ClientBytes()
        long.bytes = []
        long.request(0, cookie: 2, 0, UInt32(2 * step))
        server.send(long.bytes)
        var reply = server.receive(16 + step)
        server.waitForReads(2)
        server.giveUp(since: time)
        server.openGate()
        var rest = server.receive(step + 16 + 512)
        let header = reply.readMultipleIntegers(as: (UInt32, UInt32, UInt64).self)
        #expect(try #require(header) == (0x6744_6698, 0, 2))
        reply.writeBuffer(&rest)
        let data = reply.readBytes(length: 2 * step)
        #expect(data == [UInt8](repeating: 7, count: 2 * step))
        // The gate is open, so that this one has been read too.
        let other = reply.readMultipleIntegers(as: (UInt32, UInt32, UInt64).self)
        #expect(try #require(other) == (0x6744_6698, 0, 1))
        #expect(Array(reply.readableBytesView) == [UInt8](repeating: 7, count: 512))
    }
}
