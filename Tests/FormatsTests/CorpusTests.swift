import FoundationEssentials
import TestSupport
import Testing
import VitrineFormats

/// Every file of the corpus: good ones read right, in full and at random; others end in their error.
@Suite struct CorpusTests {
    static let corpus = Result {
        try CorpusFile.all("corpus/manifest.tsv", in: CorpusFile.root.appending(path: "corpus"))
    }

    /// The xz project's own test files, which lie beside the checkout or nowhere.
    static let wildFolder = CorpusFile.root.deletingLastPathComponent().appending(
        path: "shared/wild/xz-files")
    static let hasWild = FileManager.default.fileExists(atPath: wildFolder.path)
    static let wild = Result { try CorpusFile.all("corpus/wild-xz.tsv", in: wildFolder) }

    @Test func manifestsCanBeRead() throws {
        #expect(try Self.corpus.get().count > 200)
        #expect(try Self.wild.get().count > 90)
    }

    @Test(arguments: (try? corpus.get()) ?? [])
    func readsOrRefuses(_ file: CorpusFile) throws {
        try check(file)
    }

    @Test(
        .enabled(if: hasWild, "the xz project's test files are not there (../shared/wild/xz-files)"),
        arguments: hasWild ? ((try? wild.get()) ?? []) : [])
    func readsOrRefusesWild(_ file: CorpusFile) throws {
        try check(file)
    }

    private func check(_ file: CorpusFile) throws {
        switch file.verdict {
        case .good: try checkGood(file)
        case .bad, .unsupported:
            let error = #expect(throws: ImageError.self) { try readAll(open(file)) }
            #expect(error?.description == file.error)
            let codes: [ImageError.Code] = file.verdict == .bad ? [.corrupt] : [.unsupported, .limit]
            #expect(codes.contains { $0 == error?.code })
        }
    }

    private func checkGood(_ file: CorpusFile) throws {
        let image = try open(file)
        #expect(image.stack == file.layers)
        #expect(image.size == file.size)
        let content = try readAll(image)
        var hash = SHA256()
        hash.update(content.span)
        #expect(hash.digest().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == file.sha256)

        // Anew, so that nothing is in the cache, and with little of one.
        let fresh = try open(file)
        var random = SeededGenerator(seed: 1)
        for count in [1, 511, 4096, 70_000, 700_000] where count <= content.count {
            for _ in 0..<12 {
                let offset = Int.random(in: 0...content.count - count, using: &random)
                let bytes = try fresh.disk.bytes(at: UInt64(offset), count: count)
                #expect(bytes == Array(content[offset..<offset + count]), "\(count) bytes at \(offset)")
            }
        }
        #expect(throws: ImageError.self) { try fresh.disk.bytes(at: file.size, count: 1) }
    }

    private func open(_ file: CorpusFile) throws -> Image {
        let engine = Engine(memory: 64 << 20, threads: 2)
        let source = try FileSource(path: file.path)
        return try Image(file.name, source, OpenOptions(engine: engine))
    }

    /// Everything on the disk, in steps of 4 KiB so that the first read that fails is the last.
    private func readAll(_ image: Image) throws -> [UInt8] {
        var content: [UInt8] = []
        while UInt64(content.count) < image.size {
            let count = Int(min(4096, image.size - UInt64(content.count)))
            content += try image.disk.bytes(at: UInt64(content.count), count: count)
        }
        return content
    }
}
