import Foundation
import TestSupport
import Testing

/// Damaged and hostile disk images of the corpus, by the command: each ends in its error.
@Suite(.timeLimit(.minutes(10)))
struct HostileCorpusTests {
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
        let error = String(line.dropFirst(start.count))
        if let end = error.range(of: " cannot be read: ") {
            #expect(error.hasPrefix("bytes "))
            #expect(error[end.upperBound...] == file.error)
        } else {
            #expect(error == file.error)
        }
    }
}
