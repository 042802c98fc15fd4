import Foundation
import Glibc
import Testing
import TestSupport

/// The clients' view of a server that ends.
@Suite(.needs(.sfdisk, .xz))
struct ShutdownTests {
    /// Expects the server to end well, and to leave no socket.
    private func expectCleanEnd(_ server: RunningServer) throws {
        #expect(try server.program.wait().status == 0, "\(server.program.errorsSoFar)")
        #expect(!server.socket.exists)
    }

    private func start(_ form: TestDisk.Form, in folder: URL) throws -> RunningServer {
        let program = try Program([
            Vitrine.path(), "serve", TestDisk.shared().file(form).path, "-U", folder.path + "/socket",
        ])
        return RunningServer(program: program, uri: try program.firstLine(), folder: folder)
    }

    @Test func idleClientsAreDisconnected() throws {
        try withTemporaryFolder { folder in
            let server = try start(.xz, in: folder)
            let silent = try server.client()
            let handshaking = try server.client()
            try handshaking.greet()
            let idle = try server.client()
            try idle.enter()
            server.program.send(SIGTERM)
            for client in [silent, handshaking, idle] { try client.waitForEnd() }
            try expectCleanEnd(server)
        }
    }

    @Test(arguments: TestDisk.Form.allCases)
    func readsUnderWayAreAnsweredInFull(_ form: TestDisk.Form) throws {
        try withTemporaryFolder { folder in
            let server = try start(form, in: folder)
            let client = try server.client()
            try client.enter()
            let reads = 64
            let size = 256 << 10
            try client.send(
                (0..<reads).flatMap {
                    WireClient.request(.read, cookie: UInt64($0), offset: UInt64($0 % 40 * size), count: size)
                })
            let first = try #require(try client.chunk())
            server.program.send(SIGTERM)
            var chunks = [first]
            while let chunk = try client.chunk() { chunks.append(chunk) }
            try expectCleanEnd(server)

            let bytes = try TestDisk.shared().bytes
            var received: [UInt64: Int] = [:]
            var refused: Set<UInt64> = []
            for chunk in chunks {
                switch chunk.type {
                case WireClient.Chunk.offsetData:
                    let offset = Int(number(chunk.payload[..<8]))
                    let data = Data(chunk.payload[8...])
                    #expect(data == bytes[offset..<offset + data.count])
                    received[chunk.cookie, default: 0] += data.count
                case WireClient.Chunk.offsetHole:
                    received[chunk.cookie, default: 0] += Int(number(chunk.payload[8...]))
                default:
                    #expect(number(chunk.payload[..<4]) == 108, "ESHUTDOWN")
                    refused.insert(chunk.cookie)
                }
            }
            #expect(received[first.cookie] == size)
            #expect(
                received.allSatisfy { $0.value == size || refused.contains($0.key) }, "a reply was cut short")
            #expect(refused.union(received.keys).count == reads, "a request was not answered")
        }
    }

    @Test func clientThatNeverReadsHoldsUpTheEndForSecondsOnly() throws {
        try withTemporaryFolder { folder in
            let server = try start(.xz, in: folder)
            let client = try server.client()
            try client.enter()
            for _ in 0..<64 { try client.sendRead(at: 0, count: 1 << 20) }
            _ = try #require(try client.chunk())
            server.program.send(SIGTERM)
            try expectCleanEnd(server)
        }
    }

    @Test(.needs(.nbdcopy))
    func copyUnderWayFails() throws {
        try withTemporaryFolder { folder in
            let server = try start(.raw, in: folder)
            // A fifo that nobody empties keeps the copy under way.
            let fifo = folder.path + "/fifo"
            try #require(unsafe mkfifo(fifo, 0o600) == 0)
            let copy = try Program(["/bin/sh", "-c", "nbdcopy \"$0\" - > \"$1\"", server.uri, fifo])
            let reader = try FileHandle(forReadingFrom: URL(filePath: fifo))
            #expect(try reader.read(upToCount: 1)?.count == 1)
            server.program.send(SIGTERM)
            try expectCleanEnd(server)
            _ = try reader.readToEnd()
            #expect(try copy.wait().status != 0)
        }
    }
}
