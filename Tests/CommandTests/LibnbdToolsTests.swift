import Foundation
import Glibc
import Testing
import TestSupport

/// nbdinfo and nbdcopy, of libnbd.
@Suite struct LibnbdToolsTests {
    private struct Listing: Decodable {
        struct Export: Decodable {
            var name: String
            var description: String
            var contexts: [String]
            var isReadOnly: Bool
            var canCache: Bool
            var canDF: Bool
            var canMultiConn: Bool
            var canTrim: Bool
            var canZero: Bool
            var size: Int
            var minimumBlock: Int

            enum CodingKeys: String, CodingKey {
                case name = "export-name"
                case description, contexts
                case isReadOnly = "is_read_only"
                case canCache = "can_cache"
                case canDF = "can_df"
                case canMultiConn = "can_multi_conn"
                case canTrim = "can_trim"
                case canZero = "can_zero"
                case size = "export-size"
                case minimumBlock = "block_size_minimum"
            }
        }

        var exports: [Export]
    }

    private struct Extent: Decodable {
        var offset: Int
        var length: Int
        var type: Int

        var range: Range<Int> { offset..<offset + length }
    }

    private func extents(_ uri: String) throws -> [Extent] {
        let result = try Tool.nbdinfo.run("--map", "--json", uri)
        try #require(result.status == 0, "\(result.errors)")
        return try JSONDecoder().decode([Extent].self, from: result.data)
    }

    @Test(.needs(.nbdinfo, .sfdisk, .xz))
    func nbdinfoListsTheDiskAndItsPartitions() throws {
        let listed = try withServer(TestDisk.shared().xz) { try Tool.nbdinfo.run("--list", "--json", $0.uri) }
        #expect(listed.status == 0, "\(listed.errors)")
        let exports = try JSONDecoder().decode(Listing.self, from: listed.data).exports
        #expect(exports.map(\.name) == ["", "p1", "p2"])
        #expect(exports.map(\.size) == [TestDisk.size, TestDisk.first.count, TestDisk.second.count])
        #expect(
            exports.map(\.description) == [
                "disk.raw.xz: raw in xz, 12 MiB, 2 partitions",
                "partition 1: EFI System, \"boot\", 4 MiB at 1 MiB",
                "partition 2: Linux filesystem, \"root\", 6 MiB at 5 MiB",
            ])
        for export in exports {
            #expect(export.isReadOnly && export.canCache && export.canDF && export.canMultiConn)
            #expect(!export.canTrim && !export.canZero)
            #expect(export.contexts == ["base:allocation", "qemu:allocation-depth"])
            #expect(export.minimumBlock == 1)
        }
    }

    @Test(.needs(.nbdinfo, .sfdisk, .xz))
    func nbdinfoSaysWhatOneExportIs() throws {
        let told = try withServer(TestDisk.shared().xz) { try Tool.nbdinfo.run("--json", $0.uri(of: "p1")) }
        #expect(told.status == 0, "\(told.errors)")
        let exports = try JSONDecoder().decode(Listing.self, from: told.data).exports
        #expect(exports.map(\.name) == ["p1"])
        #expect(exports.map(\.size) == [TestDisk.first.count])
    }

    @Test(.needs(.nbdinfo, .sfdisk, .xz))
    func nbdinfoIsRefusedAnExportThatDoesNotExist() throws {
        let refused = try withServer(TestDisk.shared().xz) { try Tool.nbdinfo.run($0.uri(of: "p3")) }
        #expect(refused.status == 1)
        #expect(!refused.output.contains("export="))
        #expect(refused.errors.contains("No such file or directory"))
    }

    @Test(.needs(.nbdinfo, .sfdisk, .xz))
    func mapShowsTheHolesOfARawFile() throws {
        let extents = try withServer(TestDisk.shared().raw) { try self.extents($0.uri) }
        #expect(extents.map(\.length).reduce(0, +) == TestDisk.size)
        for hole in TestDisk.holes {
            let extent = extents.first { $0.range.contains(hole.lowerBound) }
            #expect(extent?.type == 3)
            #expect(extent?.range == hole)
        }
        #expect(extents.first { $0.range.contains(TestDisk.pattern.lowerBound) }?.type == 0)
    }

    @Test(.needs(.nbdinfo, .sfdisk, .xz))
    func mapOfAPartitionIsItsPartOfTheDisk() throws {
        let extents = try withServer(TestDisk.shared().raw) { try self.extents($0.uri(of: "p2")) }
        // Partition 2 is from 5 to 11 MiB; there are holes up to 6 and from 7 to 10 MiB.
        #expect(extents.map(\.offset).prefix(4) == [0, 1 << 20, 2 << 20, 5 << 20])
        #expect(extents.map(\.type).prefix(4) == [3, 0, 3, 0])
        #expect(extents.map(\.length).reduce(0, +) == TestDisk.second.count)
    }

    /// Data that has not been decoded is known only to be data. After decoding, the holes are zeroes, and nothing else
    /// is.
    @Test(.needs(.nbdinfo, .nbdcopy, .sfdisk, .xz))
    func mapOfAnXZFileCoversTheDisk() throws {
        let disk = try TestDisk.shared()
        try withServer(disk.xz, "--no-index") { server in
            let copied = try Tool.nbdcopy.run(server.uri, "null:")
            #expect(copied.status == 0, "\(copied.errors)")
            let extents = try self.extents(server.uri)
            #expect(extents.map(\.offset) == [0] + extents.dropLast().map(\.range.upperBound))
            #expect(extents.map(\.length).reduce(0, +) == TestDisk.size)
            for extent in extents where extent.type & 2 != 0 {
                #expect(disk.bytes[extent.range].allSatisfy { $0 == 0 }, "\(extent.range) is not zero")
            }
            for hole in TestDisk.holes {
                let extent = extents.first { $0.range.contains(hole.lowerBound) }
                #expect(extent?.range == hole && extent?.type == 2, "\(String(describing: extent))")
            }
            #expect(extents.first { $0.range.contains(TestDisk.pattern.lowerBound) }?.type == 0)
        }
    }

    @Test(.needs(.nbdcopy, .sfdisk, .xz), arguments: TestDisk.Form.allCases, [1, 4])
    func nbdcopyGetsEveryByte(_ form: TestDisk.Form, connections: Int) throws {
        let disk = try TestDisk.shared()
        try withServer(disk.file(form)) { server in
            let copy = server.folder.appending(path: "copy")
            let result = try Tool.nbdcopy.run("--connections=\(connections)", server.uri, copy.path)
            #expect(result.status == 0, "\(result.errors)")
            #expect(try Data(contentsOf: copy) == disk.bytes)
        }
    }

    @Test(.needs(.nbdcopy, .sfdisk, .xz), arguments: TestDisk.Form.allCases)
    func nbdcopyGetsEveryByteOfAPartition(_ form: TestDisk.Form) throws {
        let disk = try TestDisk.shared()
        let copied = try withServer(disk.file(form)) { try Tool.nbdcopy.run($0.uri(of: "p1"), "-") }
        #expect(copied.status == 0, "\(copied.errors)")
        #expect(copied.data == disk.bytes[TestDisk.first])
    }

    @Test(.needs(.nbdcopy, .sfdisk, .xz))
    func nbdcopyKeepsTheHoles() throws {
        try withServer(TestDisk.shared().raw) { server in
            let copy = server.folder.appending(path: "copy")
            // Without -S 0 it would look for zeroes itself.
            let result = try Tool.nbdcopy.run("-S", "0", server.uri, copy.path)
            #expect(result.status == 0, "\(result.errors)")
            var status = stat()
            #expect(unsafe stat(copy.path, &status) == 0)
            let holes = TestDisk.holes.map(\.count).reduce(0, +)
            #expect(Int(status.st_blocks) * 512 <= TestDisk.size - holes)
        }
    }
}
