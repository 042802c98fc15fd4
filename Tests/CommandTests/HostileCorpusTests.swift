import Foundation
import TestSupport
import Testing

/// Damaged and hostile disk images of the corpus, read by the command and over the wire. Each ends in its error.
@Suite struct HostileCorpusTests {
    static let corpus = Result {
        try CorpusFile.all("corpus/manifest.tsv", in: CorpusFile.root.appending(path: "corpus"))
            .filter { $0.verdict != .good && ($0.name.contains("-qcow") || $0.name.contains("-vmdk")) }
    }

    @Test func thereAreThoseOfTheCorpus() throws {
        #expect(try Self.corpus.get().filter { $0.name.contains("-qcow") }.count > 120)
        #expect(try Self.corpus.get().filter { $0.name.contains("-vmdk") }.count > 120)
    }

    @Test(arguments: try corpus.get())
    func corpusFile(_ file: CorpusFile) throws {
        let result = try Vitrine.run("copy", file.path, "-")
        #expect(result.status == 1)
        let start = "vitrine: \(file.path): "
        // A partition table that cannot be read is a warning before.
        let line = try #require(result.errors.split(separator: "\n").last)
        #expect(line.hasPrefix(start))
        // What lies beside an image changes with the corpus.
        let error = ["; the directory holds", "; --"].reduce(String(line.dropFirst(start.count))) {
            text, end in
            // What would help comes last.
            text.range(of: end).map { String(text[..<$0.lowerBound]) } ?? text
        }
        if let end = error.range(of: " cannot be read: ") {
            #expect(error.hasPrefix("bytes "))
            #expect(error[end.upperBound...] == file.error)
        } else {
            #expect(error == file.error)
        }
    }

    /// An error in one cluster or grain is reported to its readers. The rest can be read.
    @Test(arguments: [
        ("unsupported-qcow2-zstd-window-31.qcow2", 12_288), ("bad-qcow2-l2-entry-max.qcow2", 2560),
        ("bad-qcow2-compressed-max.qcow2", 2560), ("bad-qcow2-l1-entry-max.qcow2", 40_000),
        ("bad-vmdk-marker-sector.vmdk", 512), ("bad-vmdk-zlib-bomb.vmdk", 1000),
        ("bad-vmdk-entry-max.vmdk", 700), ("bad-vmdk-cut-grain.vmdk", 3584),
        ("bad-vmdk-flat-short.vmdk", 49_152),
    ])
    func errorGoesOverTheWire(_ name: String, _ offset: Int) throws {
        let file = try #require(Self.corpus.get().first { $0.name == name })
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
}
