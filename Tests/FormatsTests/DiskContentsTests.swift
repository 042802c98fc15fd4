import TestSupport
import Testing

@testable import VitrineFormats

/// Which partitions are looked at for file systems.
struct DiskContentsTests {
    /// A disk whose places take long to decode.
    private final class SlowDisk: Source {
        let size: UInt64 = 64 << 20
        let time: @Sendable (UInt64) -> UInt64

        init(_ time: @escaping @Sendable (UInt64) -> UInt64) { self.time = time }

        var cost: SourceCost { .decoding }
        func decodingTime(at offset: UInt64?) -> UInt64 { time(offset ?? 0) }

        /// Swap everywhere.
        func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
            if time(offset) > 2_000_000 { throw ImageError(.corrupt, "it was read") }
            for index in 0..<buffer.count { buffer[index] = 0 }
            var bytes = [UInt8](repeating: 0, count: 4096)
            bytes.replaceSubrange(4086..<4096, with: Array("SWAPSPACE2".utf8))
            (bytes[1024], bytes[1029]) = (1, 1)
            for index in 0..<min(4096, buffer.count) { buffer[index] = bytes[index] }
        }
    }

    private func table(_ starts: [UInt64]) -> PartitionTable {
        PartitionTable(
            scheme: .gpt, sectorSize: 512,
            partitions: starts.enumerated().map { index, start in
                Partition(
                    number: index + 1, range: start << 20..<(start + 1) << 20, type: "", typeName: nil,
                    name: "")
            }, warnings: [])
    }

    private func words(_ contents: DiskContents) -> [String] {
        contents.partitions.map { finding in
            switch finding {
            case .fileSystem(let system): system.kind
            case .nothing: "nothing"
            case .unreadable: "unreadable"
            case .slow(let time): "slow \(time)"
            case .leftOut: "left out"
            }
        }
    }

    @Test func whatTakesLongIsLeft() {
        let disk = SlowDisk { $0 < 10 << 20 ? 0 : 5_000_000 }
        #expect(words(DiskContents(of: disk, table([1, 20, 5]))) == ["swap", "slow 5000000", "swap"])
    }

    /// Many short times are a long one.
    @Test func timesAddUp() {
        let disk = SlowDisk { _ in 800_000 }
        #expect(words(DiskContents(of: disk, table([9, 3, 6]))) == ["slow 800000", "swap", "swap"])
    }

    @Test func theWholeDiskIfThereIsNoTable() throws {
        let contents = DiskContents(of: SlowDisk { _ in 0 }, nil)
        #expect(contents.partitions.isEmpty)
        guard case .fileSystem(let system) = contents.disk else { throw TestFailure("\(contents)") }
        #expect(system.kind == "swap")
    }

    /// A table without partitions is as good as none.
    @Test func theWholeDiskIfTheTableIsEmpty() {
        let contents = DiskContents(of: SlowDisk { _ in 0 }, table([]))
        guard case .fileSystem = contents.disk else { return #expect(Bool(false), "\(contents)") }
        #expect(DiskContents(of: SlowDisk { _ in 0 }, table([1])).disk == nil)
    }

    /// An image of a CD is one, whatever partitions it has to start from a disk.
    @Test func imagesOfCDs() throws {
        var disk = PartitionDisk.mbr(PartitionDisk.Entry(type: 0x83, start: 200, count: 10))
        disk.put([1] + Array("CD001".utf8), at: 32768)
        let table = try #require(try disk.table)
        let contents = DiskContents(of: MemorySource(disk.bytes), table)
        guard case .fileSystem(let system) = contents.disk else { throw TestFailure("\(contents)") }
        #expect(system.kind == "iso9660")
        #expect(contents.otherSectorSize == nil)
        #expect(DiskContents(of: MemorySource(disk.bytes), table, numbers: [1]).disk == nil)
    }

    /// Nothing but the file systems tells that an MBR counts larger sectors.
    @Test func sectorsOfAnotherSize() throws {
        var disk = PartitionDisk.mbr(
            sectors: 4000, PartitionDisk.Entry(type: 0x82, start: 100, count: 100),
            PartitionDisk.Entry(type: 0x83, start: 300, count: 50))
        disk.put(Array("SWAPSPACE2".utf8), at: 100 * 4096 + 4086)
        disk.put([1, 0, 0, 0, 5], at: 100 * 4096 + 1024)
        let source = MemorySource(disk.bytes)
        let table = try #require(try disk.table)
        let contents = DiskContents(of: source, table)
        #expect(words(contents) == ["nothing", "nothing"])
        #expect(contents.otherSectorSize == 4096)
        #expect(contents.doubt?.remedy == Remedy(.sectorSize, "4096", "reads it so"))
        let right = DiskContents(of: source, try PartitionTable.read(source, sectorSize: 4096))
        #expect(words(right) == ["swap", "nothing"])
        #expect(right.otherSectorSize == nil)
        // Where one is found as it is, the table is right.
        disk.put(Array("SWAPSPACE2".utf8), at: 300 * 512 + 4086)
        disk.put([1, 0, 0, 0, 5], at: 300 * 512 + 1024)
        #expect(DiskContents(of: MemorySource(disk.bytes), table).otherSectorSize == nil)
    }

    @Test func noMoreThanSoManyAreLookedAt() {
        let all = words(DiskContents(of: SlowDisk { _ in 0 }, table(Array(repeating: 1, count: 200))))
        #expect(all.filter { $0 == "swap" }.count == 128)
        #expect(all.filter { $0 == "left out" }.count == 72)
    }

    @Test func unreadableSuperblocksAreNoError() {
        final class Failing: Source {
            let size: UInt64 = 4 << 20
            func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
                throw ImageError(.io, "no")
            }
        }
        #expect(words(DiskContents(of: Failing(), table([1]))) == ["unreadable"])
    }

    /// What lies far from the start of an unknown block takes longer.
    @Test func timesOfABlockGrowWithTheOffset() throws {
        let content = SeekContent.mixed(3 << 20)
        let source = try SeekableSource(
            xz: MemorySource(XZFile.encode(content)), Engine(memory: 16 << 20, threads: 1))
        let (near, far) = (source.decodingTime(at: 1000), source.decodingTime(at: UInt64(content.count - 1)))
        #expect(near < far)
        #expect(far <= source.decodingTime(at: nil))
    }
}
