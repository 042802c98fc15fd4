import TestSupport
import Testing

@testable import VitrineFormats

/// Partition tables inside partitions.
struct NestedDiskTests {
    /// A disk of `sectors` sectors with a Linux partition at sector 64.
    private func inner(sectors: Int = 512) -> [UInt8] {
        PartitionDisk.mbr(
            sectors: sectors, PartitionDisk.Entry(type: 0x83, start: 64, count: UInt32(sectors - 64))
        ).bytes
    }

    /// The contents of a disk with `content` in its only partition.
    private func contents(_ content: [UInt8], type: UInt8 = 0x83) throws -> DiskContents {
        var disk = PartitionDisk.mbr(
            sectors: 2048 + content.count / 512,
            PartitionDisk.Entry(type: type, start: 2048, count: UInt32(content.count / 512)))
        disk.put(content, at: 2048 * 512)
        return DiskContents(of: MemorySource(disk.bytes), try disk.table)
    }

    @Test func aDiskInAPartition() throws {
        let nested = try #require(try contents(inner()).nested[0])
        #expect(nested.table.partitions.map(\.range) == [PartitionDisk.range(64, 448)])
        guard case .nothing = nested.findings.first else { throw TestFailure("\(nested.findings)") }
    }

    /// The file system in its partition is found, and a disk in that is not.
    @Test func oneLevelIsLookedAt() throws {
        var disk = inner(sectors: 1024)
        disk.replaceSubrange(64 * 512..<512 * 512, with: inner(sectors: 448))
        let contents = try contents(disk)
        #expect(contents.nested[0]?.findings.count == 1)
        #expect(contents.nested.count == 1)
    }

    /// A boot sector with code that looks like a table.
    @Test func aFileSystemIsBelieved() throws {
        var content = inner()
        content.replaceSubrange(4086..<4096, with: Array("SWAPSPACE2".utf8))
        (content[1024], content[1029]) = (1, 1)
        let contents = try contents(content)
        guard case .fileSystem(let system) = contents.partitions.first else {
            throw TestFailure("\(contents.partitions)")
        }
        #expect(system.kind == "swap")
        #expect(contents.nested.isEmpty)
    }

    @Test func noTable() throws {
        #expect(try contents([UInt8](repeating: 0, count: 512 * 512)).nested.isEmpty)
        #expect(try contents(PartitionDisk.mbr(sectors: 512).bytes).nested.isEmpty)
    }

    /// The partitions inside an extended one are in the table already.
    @Test func extendedPartitionsAreNone() throws {
        var disk = PartitionDisk.mbr(
            sectors: 4096, PartitionDisk.Entry(type: 5, start: 1024, count: 2048))
        disk.putRecord(sector: 1024, [PartitionDisk.Entry(type: 0x83, start: 64, count: 100)])
        let table = try #require(try disk.table)
        #expect(table.partitions.map(\.number) == [1, 5])
        #expect(DiskContents(of: MemorySource(disk.bytes), table).nested.isEmpty)
    }

    @Test func warningsSayWhere() throws {
        let disk = PartitionDisk.mbr(
            sectors: 512, PartitionDisk.Entry(type: 0x83, start: 64, count: 4096))
        let contents = try contents(disk.bytes)
        #expect(contents.warnings.count == 1)
        #expect(
            contents.warnings.first?.hasPrefix("partition table in p1: partition 1 takes sectors 64") == true)
    }
}
