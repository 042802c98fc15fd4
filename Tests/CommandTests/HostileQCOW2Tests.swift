import Foundation
import TestSupport
import Testing

/// Damaged and hostile qcow2 images, which must take little memory.
@Suite struct HostileQCOW2Tests {
    private static let nothing = CorpusFile.root.appending(path: "corpus/good-qcow2-nothing.qcow2").path

    private func expectLittleMemory(
        _ command: String, _ path: String, _ options: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try PeakMemory.expectLittle(
            [command, path] + options, usually: [command, Self.nothing] + options, sourceLocation)
    }

    @Test(
        .needs(.pythonNBD),
        arguments: [
            "unsupported-qcow2-l1-size-2-31.qcow2", "unsupported-qcow2-l1-size-max.qcow2",
            "bad-qcow2-size-huge.qcow2", "bad-qcow2-extension-length-max.qcow2",
            "unsupported-qcow2-zstd-window-31.qcow2", "bad-qcow2-zstd-content-size.qcow2",
            "good-qcow2-snapshots-count-max.qcow2", "good-qcow2-bitmaps-table-size-max.qcow2",
        ])
    func corpusFileTakesLittleMemory(_ name: String) throws {
        let path = CorpusFile.root.appending(path: "corpus/\(name)").path
        try expectLittleMemory("info", path)
        try expectLittleMemory("copy", path, "-")
    }

    /// The largest L1 table accepted, 32 MiB. All of its entries name the same L2 table.
    @Test(.needs(.pythonNBD)) func largestL1Table() throws {
        try withTemporaryFolder { folder in
            var image = try HostileImage()
            let count = 4 << 20
            image.put(big(UInt64(count) << 15), at: 24)
            image.put(big(UInt32(count)), at: 36)
            image.put(big(UInt64(4096)), at: 40)
            // The L2 table is all unallocated clusters, but the first.
            image.put(big(UInt64(3072) | 1 << 63), at: 2048)
            image.put([UInt8](repeating: 7, count: 512), at: 3072)
            image.put([UInt8](repeating: 0, count: count * 8), at: 4096)
            let entry = big(UInt64(2048) | 1 << 63)
            image.put((0..<count).flatMap { _ in entry }, at: 4096)
            let file = try image.write("disk.qcow2", in: folder)
            try expectLittleMemory("info", file.path)
            let usual = try withServer(URL(filePath: Self.nothing)) { try $0.peakMemory() }
            try withServer(file) { server in
                let client = try server.client()
                #expect(try client.enter() == 128 << 30)
                for offset in [0, 64 << 30, 128 << 30 - 32_768] {
                    #expect(try client.readBytes(at: offset, count: 512) == Data(repeating: 7, count: 512))
                }
                #expect(try server.peakMemory() < usual + PeakMemory.allowance)
            }
        }
    }

    /// The most snapshots accepted, each with a long ID.
    @Test(.needs(.pythonNBD)) func mostSnapshots() throws {
        try withTemporaryFolder { folder in
            var image = try HostileImage()
            image.put(big(UInt32(65_536)) + big(UInt64(4096)), at: 60)
            let entry =
                big(UInt64(1536)) + big(UInt32(1)) + big(UInt16(400)) + big(UInt16(0))
                + [UInt8](repeating: 0, count: 20) + big(UInt32(0)) + [UInt8](repeating: 0x41, count: 400)
            image.put((0..<65_536).flatMap { _ in entry }, at: 4096)
            let file = try image.write("disk.qcow2", in: folder)
            try expectLittleMemory("info", file.path)
            try expectLittleMemory("info", file.path, "--json")
            try expectLittleMemory("copy", file.path, "-")
        }
    }

    /// The most bitmaps accepted, each with a long name and a missing table.
    @Test(.needs(.pythonNBD)) func mostBitmaps() throws {
        try withTemporaryFolder { folder in
            var image = try HostileImage()
            let entry =
                big(UInt64(1 << 40)) + big(UInt32(1)) + big(UInt32(0)) + [1, 16] + big(UInt16(400))
                + big(UInt32(0)) + [UInt8](repeating: 0x41, count: 400)
            image.put(big(UInt64(1)), at: 88)
            image.putExtension(
                0x2385_2875,
                big(UInt32(65_535)) + big(UInt32(0)) + big(UInt64(65_535 * entry.count)) + big(UInt64(4096)))
            image.put((0..<65_535).flatMap { _ in entry }, at: 4096)
            let file = try image.write("disk.qcow2", in: folder)
            try expectLittleMemory("info", file.path)
            try expectLittleMemory("info", file.path, "--json")
            try expectLittleMemory("copy", file.path, "-")
        }
    }
}
