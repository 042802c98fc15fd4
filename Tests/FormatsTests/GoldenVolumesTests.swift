import FoundationEssentials
import TestSupport
import Testing

@testable import VitrineFormats

/// Logical volumes that LVM itself has made.
struct GoldenVolumesTests {
    private func image() throws -> Image {
        try Image.open(CorpusFile.root.appending(path: "corpus/golden-lvm.raw.xz").path)
    }

    /// The text in the sector of the volume `name` at `offset`, as tools/corpus/make-golden-lvm has written it.
    private func sector(_ name: String, _ offset: UInt64) -> [UInt8] {
        let digits = "\(offset)"
        let word = Array("\(name) \(String(repeating: "0", count: 10 - digits.count))\(digits) ".utf8)
        return (0..<512).map { word[$0 % word.count] }
    }

    private func requireSectors(_ name: String, from start: UInt64 = 0, _ contents: DiskContents) throws {
        let source = try #require(try contents.volume("vg/\(name)")?.volume.content.get())
        for offset in stride(from: start, to: source.size, by: 512) {
            try #require(try source.bytes(at: offset, count: 512) == sector(name, offset), "\(offset)")
        }
    }

    @Test func everySectorIsInItsPlace() throws {
        let image = try image()
        let contents = image.contents()
        #expect(contents.warnings == [])
        #expect(contents.volumes.map(\.volume.name) == ["vg/first", "vg/fast-1", "vg/guest", "vg/nothing"])
        #expect(contents.volumes.map(\.volume.size) == [589_824, 524_288, 262_144, 131_072])
        #expect(contents.volumes.map(\.partition) == [1, 1, 2, 1])
        try requireSectors("first", contents)
        try requireSectors("fast-1", contents)
        try requireSectors("guest", from: 512, contents)
        #expect(
            contents.volume("vg/nothing")?.volume.reason?.reason.hasPrefix("it is of the type zero;") == true)
        #expect(contents.volume("vg/none") == nil)
    }

    @Test func theDiskInAVolume() throws {
        let guest = try #require(try image().contents().volume("vg/guest"))
        let nested = try #require(guest.nested)
        #expect(nested.table.scheme == .mbr)
        #expect(nested.table.partitions.map(\.range) == [32_768..<98_304])
        #expect(nested.findings.count == 1)
        #expect(try image().contents().nested.isEmpty)
    }

    /// Both physical volumes are needed for the striped volume alone.
    @Test func oneOfThePartitions() throws {
        let image = try image()
        let numbers: Set<Int> = [2]
        let contents = DiskContents(of: image.disk, image.partitionTable, numbers: numbers, within: .max)
        #expect(contents.volumes.filter { $0.volume.source != nil }.map(\.volume.name) == ["vg/first"])
        let whole = DiskContents(of: image.disk, image.partitionTable, findingVolume: "vg/fast-1")
        #expect(whole.volume("vg/fast-1")?.volume.source != nil)
    }

    @Test func theWholeDiskIsAPhysicalVolume() throws {
        let image = try image()
        let table = try #require(image.partitionTable)
        let contents = DiskContents(of: try Slice(image.disk, table.partitions[1].range), nil)
        #expect(contents.volumes.map(\.partition) == [nil, nil, nil, nil])
        try requireSectors("first", contents)
        #expect(
            contents.volume("vg/guest")?.volume.reason?.reason.hasPrefix("it lies on the physical volume ")
                == true)
    }
}
