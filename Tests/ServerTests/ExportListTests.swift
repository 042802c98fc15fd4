import FoundationEssentials
import TestSupport
import Testing
import VitrineExports
import VitrineFormats

@testable import VitrineServer

@Suite struct ExportListTests {
    private func image(_ file: String) throws -> Image {
        try Image.open(CorpusFile.root.appending(path: "corpus/\(file)").path)
    }

    @Test func everyPartitionIsAnExport() throws {
        let image = try image("good-gpt-5.raw.xz")
        let table = try #require(image.partitionTable)
        #expect(table.partitions.count == 5)
        let exports = try ExportList(of: image, name: "disk")
        #expect(exports.all.map(\.name) == ["", "disk"] + table.partitions.map { "p\($0.number)" })
        #expect(exports[""]?.source === exports["disk"]?.source)
        for partition in table.partitions {
            let export = try #require(exports["p\(partition.number)"])
            #expect(export.source.size == partition.range.upperBound - partition.range.lowerBound)
            let bytes = try export.source.bytes(at: 0, count: 512)
            #expect(bytes == (try image.disk.bytes(at: partition.range.lowerBound, count: 512)))
        }
        #expect(exports["p99"] == nil)
    }

    @Test func aNameThatIsAPartitionsTakesItsPlace() throws {
        let image = try image("good-gpt-5.raw.xz")
        let exports = try ExportList(of: image, name: "p1")
        #expect(exports.all.count { $0.name == "p1" } == 1)
        #expect(exports["p1"]?.source.size == image.size)
    }

    /// The one-character and two-character forms of é are two names.
    @Test func namesThatLookTheSame() throws {
        let exports = try ExportList(of: image("good-gpt-5.raw.xz"), name: "caf\u{E9}")
        #expect(exports["caf\u{E9}"] != nil)
        #expect(exports["cafe\u{301}"] == nil)
    }

    @Test func descriptionsShowNoControlCharacters() throws {
        let exports = try ExportList(of: image("good-gpt-names-odd.raw.xz"), name: "")
        let scalars = exports.all.flatMap { $0.description.unicodeScalars }
        #expect(scalars.count > 100)
        #expect(scalars.allSatisfy { $0.properties.generalCategory != .control })
    }

    /// Each export has a file of its own, whose name is safe.
    @Test func filesHaveNamesOfTheirOwn() {
        let long = String(repeating: "ä", count: 200)
        let names = ["", "p1", "vg/root", "vg_root", "..", "disk", ".", "a\0b", long, long + "b", "_."]
        let exports = names.map { Export(name: $0, description: "", source: MemorySource([])) }
        #expect(
            ExportList(exports).fileNames == [
                "disk", "p1", "vg_root", "vg_root-2", "_..", "disk-2", "_.", "a_b", String(long.prefix(127)),
                String(long.prefix(126)) + "-2", "_.-2",
            ])
    }
}
