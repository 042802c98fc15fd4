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
        let exports = try ExportList(of: image, name: "disk", image.contents())
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

    /// Volumes that can be read, and the partitions of the disks in them, are exports too.
    @Test func everyLogicalVolumeIsAnExport() throws {
        let image = try image("golden-lvm.raw.xz")
        let contents = image.contents()
        let exports = try ExportList(of: image, name: "", contents)
        #expect(
            exports.all.map(\.name) == [
                "", "p1", "p2", "p3", "vg/first", "vg/fast-1", "vg/guest", "vg/guest/p1",
            ])
        #expect(
            exports[""]?.description == "golden-lvm.raw.xz: raw in xz, 8 MiB, 3 partitions, 4 logical volumes"
        )
        #expect(exports["vg/guest"]?.description == "logical volume vg/guest: 256 KiB")
        #expect(
            exports["vg/guest/p1"]?.description == "vg/guest: partition 1: Linux, 64 KiB at 32 KiB")
        let guest = try #require(exports["vg/guest"]?.source)
        #expect(
            try exports["vg/guest/p1"]?.source.bytes(at: 0, count: 65_536)
                == guest.bytes(at: 32_768, count: 65_536))
        #expect(try ExportList(of: image, name: "vg/guest", contents).all.count == 8)
    }

    @Test func aNameThatIsAPartitionsTakesItsPlace() throws {
        let image = try image("good-gpt-5.raw.xz")
        let exports = try ExportList(of: image, name: "p1", image.contents())
        #expect(exports.all.count { $0.name == "p1" } == 1)
        #expect(exports["p1"]?.source.size == image.size)
    }

    /// The one-character and two-character forms of é are two names.
    @Test func namesThatLookTheSame() throws {
        let image = try image("good-gpt-5.raw.xz")
        let exports = try ExportList(of: image, name: "caf\u{E9}", image.contents())
        #expect(exports["caf\u{E9}"] != nil)
        #expect(exports["cafe\u{301}"] == nil)
    }

    @Test func descriptionsShowNoControlCharacters() throws {
        let image = try image("good-gpt-names-odd.raw.xz")
        let exports = try ExportList(of: image, name: "", image.contents())
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
