import Foundation
import TestSupport
import Testing

/// Damaged and hostile VMDK images: an error reaches the client, and they cost little memory.
@Suite(.timeLimit(.minutes(5)))
struct HostileVMDKTests {
    private static let nothing = path("good-vmdk-nothing.vmdk")

    private static func path(_ name: String) -> String {
        CorpusFile.root.appending(path: "corpus/\(name)").path
    }

    /// What is wrong with one grain is told to those who read it; the rest can be read.
    @Test(arguments: [
        ("bad-vmdk-marker-sector.vmdk", 512), ("bad-vmdk-zlib-bomb.vmdk", 1000),
        ("bad-vmdk-entry-max.vmdk", 700),
        ("bad-vmdk-cut-grain.vmdk", 3584), ("bad-vmdk-flat-short.vmdk", 49_152),
    ])
    func errorGoesOverTheWire(_ name: String, _ offset: Int) throws {
        let file = try #require(HostileCorpusTests.corpus.get().first { $0.name == name })
        try withServer(URL(filePath: file.path)) { server in
            let client = try server.client()
            try client.enter()
            try client.sendRead(at: offset, count: 1)
            let chunk = try #require(try client.chunk())
            #expect(chunk.type == WireClient.Chunk.errorOffset)
            #expect(number(chunk.payload[..<4]) == 5, "EIO")
            let text = String(decoding: chunk.payload.dropFirst(6).dropLast(8), as: UTF8.self)
            #expect(text == file.error)
            #expect(try client.readBytes(at: 0, count: 512).contains { $0 != 0 })
        }
    }

    // MARK: Memory

    private func expectLittleMemory(
        _ command: String, _ path: String, _ target: String = "-",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let options = command == "copy" ? [target] : []
        try PeakMemory.expectLittle(
            [command, path] + options, usually: [command, Self.nothing] + (options.isEmpty ? [] : ["-"]),
            sourceLocation)
    }

    @Test(
        .needs(.pythonNBD),
        arguments: [
            "unsupported-vmdk-directory-2-32.vmdk", "unsupported-vmdk-capacity-huge.vmdk",
            "bad-vmdk-zlib-bomb.vmdk",
            "unsupported-vmdk-extents-1-mib.vmdk.xz", "unsupported-vmdk-descriptor-large.vmdk",
            "bad-vmdk-marker-size-max.vmdk", "bad-vmdk-cowd-capacity-max.vmdk",
        ])
    func corpusFileTakesLittleMemory(_ name: String) throws {
        try expectLittleMemory("info", Self.path(name))
        try expectLittleMemory("copy", Self.path(name))
    }
}
