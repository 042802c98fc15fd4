import Foundation
import Glibc
import Testing
import TestSupport
import VitrineFormats

/// Clients that misbehave, and many at once. Other clients are served anyway.
@Suite(.needs(.sfdisk, .xz))
struct HostileClientTests {
    /// Expects a client that behaves to be served.
    private func expectService(_ server: RunningServer, sourceLocation: SourceLocation = #_sourceLocation)
        throws
    {
        let client = try server.client()
        try client.enter()
        let range = TestDisk.pattern
        let bytes = try client.readBytes(at: range.lowerBound, count: range.count)
        #expect(bytes == Data(repeating: 0xA5, count: range.count), sourceLocation: sourceLocation)
    }

    @Test func clientsThatSayNothingAreInNobodysWay() throws {
        try withServer(TestDisk.shared().xz) { server in
            let silent = try (0..<8).map { _ in try server.client() }
            try expectService(server)
            #expect(try silent[0].receive(WireClient.greeting.count) == WireClient.greeting)
        }
    }

    /// Standard error may be a pipe to a program that hangs. The messages of a verbose server about 200 clients are
    /// more than the pipe holds.
    @Test func standardErrorThatNobodyReadsIsInNobodysWay() throws {
        try withTemporaryFolder { folder in
            let fifo = folder.path + "/fifo"
            try #require(unsafe mkfifo(fifo, 0o600) == 0)
            let reader = unsafe open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            defer { close(reader) }
            let program = try Program([
                "/bin/sh", "-c", "exec \"$0\" serve -v \"$1\" -U \"$2/socket\" 2>\"$2/fifo\"", Vitrine.path(),
                TestDisk.shared().xz.path, folder.path,
            ])
            let server = RunningServer(program: program, uri: try program.firstLine(), folder: folder)
            // The least that a pipe can hold.
            try #require(fcntl(reader, 1031 /* F_SETPIPE_SZ */, 4096) >= 0)
            for _ in 0..<200 { try server.client().enter() }
            try expectService(server)
            program.send(SIGTERM)
            #expect(try program.wait().status == 0)
            #expect(!server.socket.exists)
        }
    }

    /// Connected clients take up all files. Others are served when they go.
    @Test func clientsThatTakeUpAllFilesAreNotTheEnd() throws {
        try withTemporaryFolder { folder in
            // Each event loop takes three, and the server will not start without some to spare.
            let limit = 32 + 4 * Workers.cores
            let program = try Program([
                "/bin/sh", "-c", "ulimit -n \(limit); exec \"$0\" serve \"$1\" -U \"$2/socket\"",
                Vitrine.path(),
                TestDisk.shared().xz.path, folder.path,
            ])
            let server = RunningServer(program: program, uri: try program.firstLine(), folder: folder)
            do {
                let clients = try (0..<limit).map { _ in try server.client() }
                try server.said("vitrine: warning: a connection could not be taken: Too many open files\n")
                withExtendedLifetime(clients) {}
            }
            try expectService(server)
            program.send(SIGTERM)
            #expect(try program.wait().status == 0)
        }
    }

    static let garbage: [(String, [UInt8])] = [
        ("HTTP", Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)),
        ("zeroes", [UInt8](repeating: 0, count: 4096)),
        ("ones", [UInt8](repeating: 0xFF, count: 4096)),
        ("unknown client flags", big(UInt32(0x80))),
        (
            "option of 4 GiB",
            big(UInt32(3)) + big(UInt64(0x4948_4156_454F_5054)) + big(UInt32(7)) + big(UInt32.max)
        ),
        (
            "old-style export that does not exist",
            big(UInt32(0)) + big(UInt64(0x4948_4156_454F_5054)) + big(UInt32(1)) + big(UInt32(1)) + [0x78]
        ),
    ]

    @Test(arguments: garbage)
    func garbageEndsOnlyItsOwnConnection(_ name: String, _ bytes: [UInt8]) throws {
        try withServer(TestDisk.shared().xz) { server in
            let client = try server.client()
            try client.send(bytes)
            try client.waitForEnd()
            try expectService(server)
        }
    }

    @Test func garbageInsteadOfARequestEndsTheConnection() throws {
        try withServer(TestDisk.shared().xz) { server in
            let client = try server.client()
            try client.enter()
            try client.send([UInt8](repeating: 0x42, count: 28))
            try client.waitForEnd()
            try expectService(server)
        }
    }

    @Test func clientsMayVanishAtAnyByte() throws {
        let hello =
            big(UInt32(3)) + big(UInt64(0x4948_4156_454F_5054)) + big(UInt32(7)) + big(UInt32(6))
            + big(UInt32(0)) + big(UInt16(0))
        let conversation = hello + WireClient.request(.read, offset: UInt64(6 << 20), count: 1 << 20)
        try withServer(TestDisk.shared().xz) { server in
            for count in 0...conversation.count {
                try server.client().send(Array(conversation[..<count]))
            }
            try expectService(server)
        }
    }

    @Test func clientsMayVanishWhileTheirRepliesAreMade() throws {
        try withServer(TestDisk.shared().xz) { server in
            for _ in 0..<8 {
                let client = try server.client()
                try client.enter()
                for block in 0..<12 { try client.sendRead(at: block << 20, count: 1 << 20) }
            }
            try expectService(server)
        }
    }

    @Test(arguments: TestDisk.Form.allCases)
    func manyClientsAreServedAtOnce(_ form: TestDisk.Form) throws {
        let disk = try TestDisk.shared()
        try withServer(disk.file(form)) { server in
            let clients = try (0..<64).map { _ in try server.client() }
            for client in clients { try client.enter(structured: false) }
            let size = 64 << 10
            // All ask before any reads what it gets.
            for (index, client) in clients.enumerated() {
                try client.sendRead(at: index * 3 * size, count: size)
            }
            for (index, client) in clients.enumerated() {
                #expect(try client.simpleReply().error == 0)
                let start = index * 3 * size
                #expect(try Data(client.receive(size)) == disk.bytes[start..<start + size])
            }
        }
    }

    /// Simple replies cannot be sent in pieces, so a failing read must be noticed before their first byte.
    @Test func clientsThatDoNotReadTakeLittleMemoryTogether() throws {
        try withTemporaryFolder { folder in
            let image = try folder.file("disk.raw", "")
            let size = 32 << 20
            try #require(unsafe truncate(image.path, off_t(size)) == 0)
            try withServer(image) { server in
                let clients = try (0..<16).map { _ in try server.client() }
                for client in clients {
                    try client.enter(structured: false)
                    try client.send((0..<8).flatMap { _ in WireClient.request(.read, count: size) })
                }
                // Each has got the beginning of a reply: they have all been heard.
                for client in clients { #expect(try client.simpleReply().error == 0) }
                let peak = try server.peakMemory()
                #expect(peak < 256 << 20)
            }
        }
    }

    @Test(arguments: TestDisk.Form.allCases, [true, false])
    func clientThatDoesNotReadTakesLittleMemory(_ form: TestDisk.Form, structured: Bool) throws {
        let disk = try TestDisk.shared()
        try withServer(disk.file(form)) { server in
            let client = try server.client()
            try client.enter(structured: structured)
            let reads = 200
            let size = 1 << 20
            // In one piece: it might have to wait for the server to read the rest.
            try client.send(
                (0..<reads).flatMap {
                    WireClient.request(.read, cookie: UInt64($0), offset: UInt64($0 % 12 * size), count: size)
                })
            // The more it could do meanwhile, the more this would find.
            Thread.sleep(forTimeInterval: 1)
            try expectService(server)
            #expect(try server.peakMemory() < 150 << 20)

            var received = [Int](repeating: 0, count: reads)
            while received.reduce(0, +) < reads * size {
                if structured {
                    let chunk = try #require(try client.chunk())
                    let isHole = chunk.type == WireClient.Chunk.offsetHole
                    received[Int(chunk.cookie)] +=
                        isHole ? Int(number(chunk.payload[8...])) : chunk.payload.count - 8
                } else {
                    let reply = try client.simpleReply()
                    let data = try Data(client.receive(size))
                    let start = Int(reply.cookie) % 12 * size
                    #expect(data == disk.bytes[start..<start + size])
                    received[Int(reply.cookie)] += size
                }
            }
            #expect(received.allSatisfy { $0 == size })
            #expect(try server.peakMemory() < 150 << 20)
        }
    }
}
