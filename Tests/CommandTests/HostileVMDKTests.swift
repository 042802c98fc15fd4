import Foundation
import TestSupport
import Testing

/// Damaged and hostile VMDK images, which must take little memory.
@Suite struct HostileVMDKTests {
    private static let nothing = path("good-vmdk-nothing.vmdk")

    private static func path(_ name: String) -> String {
        CorpusFile.root.appending(path: "corpus/\(name)").path
    }

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

    /// Writes a sparse extent with a grain directory of `count` entries, each naming a table of its own if `named`. All
    /// of it but the directory is holes.
    private func extent(_ count: Int, named: Bool, in folder: URL) throws {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ value: Int, at offset: Int, width: Int) {
            for index in 0..<width {
                header[offset + index] = UInt8(truncatingIfNeeded: value >> (index * 8))
            }
        }
        header.replaceSubrange(0..<4, with: Array("KDMV".utf8))
        for (offset, width, value) in [
            (4, 4, 1), (12, 8, count * 4096), (20, 8, 8), (44, 4, 512), (56, 8, 1),
        ] {
            put(value, at: offset, width: width)
        }
        let tables = 1 + count * 4 / 512
        if named {
            header += (0..<count).flatMap { number in
                (0..<4).map { UInt8(truncatingIfNeeded: (tables + number * 4) >> ($0 * 8)) }
            }
        }
        let file = try folder.file("extent.vmdk", Data(header))
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: UInt64((tables + (named ? count * 4 : 0)) * 512))
        try handle.close()
    }

    private func descriptor(_ extents: Int, of sectors: Int, in folder: URL) throws -> String {
        let line = "RW \(sectors) SPARSE \"extent.vmdk\"\n"
        let text = "# Disk DescriptorFile\n" + String(repeating: line, count: extents)
        return try folder.file("disk.vmdk", text).path
    }

    /// One file with the largest grain directory accepted, 32 MiB in memory, and a descriptor that names it over and
    /// over.
    @Test(.needs(.pythonNBD)) func manyLargeDirectories() throws {
        try withTemporaryFolder { folder in
            try extent(4 << 20, named: false, in: folder)
            let path = try descriptor(64, of: 8, in: folder)
            let result = try Vitrine.run("copy", path, "-")
            #expect(result.status == 1)
            #expect(
                result.errors.hasSuffix(
                    ": vmdk: the grain directories of the extents have more than 4194304 entries together\n"))
            try expectLittleMemory("copy", path)
            #expect(try Vitrine.run("copy", descriptor(1, of: 8, in: folder), "-").status == 0)
        }
    }

    /// The most tables that an extent may keep, in each of several extents.
    @Test(.needs(.pythonNBD)) func manyTables() throws {
        try withTemporaryFolder { folder in
            try extent(4096, named: true, in: folder)
            let path = try descriptor(8, of: 4096 * 4096, in: folder)
            try expectLittleMemory("copy", path, folder.appending(path: "disk.raw").path)
        }
    }
}
