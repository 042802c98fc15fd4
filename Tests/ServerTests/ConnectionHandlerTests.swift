import Logging
import NIOCore
import NIOEmbedded
import TestSupport
import Testing
import VitrineExports
import VitrineFormats

@testable import VitrineServer

/// The requests that a connection answers itself, and those that it leaves to workers.
@Suite struct ConnectionHandlerTests {
    /// Everything that a client with the bytes `client` gets while every worker is busy. The disk has a hole from 64 to
    /// 128 KiB.
    private func answer(_ client: ClientBytes) throws -> ByteBuffer {
        let workers = Workers(count: 1)
        let gate = Monitor(false)
        workers.submit(.now) { gate.wait { $0 ? () : nil } }
        defer { gate.change { $0 = true } }
        let disk = ObservedSource([UInt8](repeating: 1, count: 1 << 20), holes: [65_536..<131_072])
        let handler = ConnectionHandler(
            ExportList([Export(name: "", description: "a disk", source: disk)]), workers, OutputScratch(),
            ColdLimit(), FailureLog(), Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let channel = EmbeddedChannel(handler: handler)
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/socket")).wait()
        try channel.writeInbound(ByteBuffer(bytes: client.bytes))
        var output = ByteBuffer()
        while var part = try channel.readOutbound(as: ByteBuffer.self) { output.writeBuffer(&part) }
        _ = try channel.finish(acceptAlreadyClosed: true)
        return output
    }

    @Test func blockStatusThatIsKnownNeedsNoWorker() throws {
        var handshake = ClientBytes()
        handshake.option(8)
        handshake.meta(10, "", ["base:allocation"])
        handshake.choose(7, "")
        var client = handshake
        client.request(7, cookie: 5, 0, 1 << 20)
        var output = try answer(client)
        output.moveReaderIndex(forwardBy: try answer(handshake).readableBytes)
        var expected = ByteBuffer()
        ReplyWriter(isStructured: true).blockStatus(
            5, 0,
            [
                .init(length: 65_536, flags: 0), .init(length: 65_536, flags: 3),
                .init(length: 1 << 20 - 131_072, flags: 0),
            ], isLast: true, &expected)
        #expect(output == expected)
    }
}
