import Glibc
import TestSupport
import Testing

@testable import VitrineFormats
@testable import VitrineMount

/// The server of an nbd device (the NBD project's doc/proto.md, "Transmission").
struct NBDConnectionTests {
    private static let content = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
    private let engine = Engine(memory: 16 << 20, threads: 2)
    private let kernel: KernelSocket

    init() throws { kernel = try KernelSocket() }

    /// A server of `range` of `source`, which can be written to if `isWritable`.
    private func connection(
        _ source: any Source = MemorySource(content), _ range: Range<UInt64> = 0..<10_000,
        isWritable: Bool = false
    ) throws -> NBDConnection {
        let file = FUSEFolder.File(name: "disk", source: source)
        let overlay = WriteOverlay(file.source, limit: 1 << 20, engine.cache)
        return try NBDConnection(
            kernel.server, isWritable ? FUSEFolder.File(name: "disk", source: overlay) : file, range,
            engine.workers)
    }

    /// The bytes of the content, and zeroes behind it.
    private func expected(_ range: Range<Int>) -> [UInt8] {
        range.map { $0 < Self.content.count ? Self.content[$0] : 0 }
    }

    @Test(arguments: [true, false]) func reads(isHot: Bool) throws {
        let connection = try connection(ObservedSource(Self.content, isHot: isHot))
        #expect(connection.size == 10_240)
        for (cookie, range) in [0..<512, 9_728..<10_240, 100..<100, 0..<10_240].enumerated() {
            kernel.send(0, cookie: UInt8(cookie), at: UInt64(range.lowerBound), UInt32(range.count))
            let reply = try kernel.reply(range.count)
            #expect(reply.error == 0)
            #expect(reply.cookie == UInt8(cookie))
            #expect(reply.data == expected(range))
        }
        kernel.send(2, cookie: 0)
        try connection.wait()
        #expect(kernel.receive(1).isEmpty)
    }

    @Test(arguments: [
        (1024..<2048 as Range<UInt64>, 1024 as UInt64), (1024..<2000, 1024), (9_728..<20_000, 512),
        (20_000..<30_000, 0), (512..<512, 0),
    ])
    func aDeviceIsARange(_ range: Range<UInt64>, _ size: UInt64) throws {
        let connection = try connection(range: range)
        #expect(connection.size == size)
        kernel.send(0, cookie: 1, at: 0, UInt32(size))
        let reply = try kernel.reply(Int(size))
        #expect(reply.data == expected(Int(range.lowerBound)..<Int(range.lowerBound + size)))
        kernel.send(0, cookie: 2, at: size, 1)
        #expect(try kernel.reply(1).error == UInt8(EINVAL))
        kernel.send(0, cookie: 3, at: .max, 512)
        #expect(try kernel.reply(512).error == UInt8(EINVAL))
    }

    private func connection(range: Range<UInt64>) throws -> NBDConnection {
        try connection(MemorySource(Self.content), range)
    }

    @Test func manyReadsAtOnceAreAllAnswered() throws {
        let connection = try connection(ObservedSource(Self.content, isHot: false))
        for cookie in 0..<100 { kernel.send(0, cookie: UInt8(cookie), at: UInt64(cookie), 64) }
        var missing = Set(0..<100)
        for _ in 0..<100 {
            let reply = try kernel.reply(64)
            let cookie = Int(reply.cookie)
            #expect(reply.data == expected(cookie..<cookie + 64))
            missing.remove(cookie)
        }
        #expect(missing.isEmpty)
        kernel.close()
        try connection.wait()
    }

    @Test(arguments: [true, false]) func aReadThatFailsIsAnInputOutputError(isHot: Bool) throws {
        let connection = try connection(ObservedSource(Self.content, failing: 512..<1024, isHot: isHot))
        kernel.send(0, cookie: 1, at: 0, 1024)
        #expect(try kernel.reply(1024).error == UInt8(EIO))
        kernel.send(0, cookie: 2, at: 1024, 512)
        #expect(try kernel.reply(512).data == expected(1024..<1536))
        kernel.send(2, cookie: 0)
        try connection.wait()
    }

    @Test func writesGoToTheOverlay() throws {
        let connection = try connection(MemorySource(Self.content), 512..<2048, isWritable: true)
        kernel.send(1, cookie: 1, at: 512, 512, [UInt8](repeating: 9, count: 512))
        #expect(try kernel.reply() == (0, 1, []))
        kernel.send(3, cookie: 2)
        #expect(try kernel.reply() == (0, 2, []))
        kernel.send(0, cookie: 3, at: 0, 1536)
        let reply = try kernel.reply(1536)
        #expect(
            reply.data == expected(512..<1024) + [UInt8](repeating: 9, count: 512) + expected(1536..<2048))
        kernel.send(1, cookie: 4, at: 1535, 2, [1, 2])
        #expect(try kernel.reply().error == UInt8(EPERM))
        kernel.close()
        try connection.wait()
    }

    @Test func withoutAnOverlayWritesAreRefused() throws {
        let connection = try connection()
        kernel.send(1, cookie: 1, at: 0, 3, [1, 2, 3])
        #expect(try kernel.reply().error == UInt8(EPERM))
        // Another command.
        kernel.send(4, cookie: 2)
        #expect(try kernel.reply().error == UInt8(EINVAL))
        kernel.send(0, cookie: 3, at: 0, 3)
        #expect(try kernel.reply(3).data == expected(0..<3))
        kernel.close()
        try connection.wait()
    }

    @Test func whatIsNoRequestEndsTheConnection() throws {
        let connection = try connection()
        kernel.send([UInt8](repeating: 1, count: NBDRequest.size))
        let error = #expect(throws: ImageError.self) { try connection.wait() }
        #expect(error?.description.contains("request magic") == true)
        #expect(kernel.receive(1).isEmpty)
    }

    @Test func aLengthBeyondTheLimitEndsTheConnection() throws {
        let connection = try connection()
        kernel.send(0, cookie: 1, at: 0, (32 << 20) + 1)
        let error = #expect(throws: ImageError.self) { try connection.wait() }
        #expect(error?.description.contains("length") == true)
    }

    @Test(arguments: [1, 27, 28]) func theEndInsideARequestIsTheEnd(count: Int) throws {
        let connection = try connection(isWritable: true)
        kernel.send(
            Array(
                ([0x25, 0x60, 0x95, 0x13, 0, 0, 0, 1] + [UInt8](repeating: 0, count: 18) + [4, 0]).prefix(
                    count)))
        kernel.close()
        try connection.wait()
    }
}
