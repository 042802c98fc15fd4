import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

/// Compares VMDK images of every kind that qemu makes with qemu's reading of them.
@Suite(.needs(.nbdinfo, .qemuImg, .qemuIO))
struct VMDKReadingTests {
    static let subformats = [
        "monolithicSparse", "streamOptimized", "twoGbMaxExtentSparse", "monolithicFlat", "twoGbMaxExtentFlat",
    ]

    @Test(arguments: subformats)
    func convertedDisk(_ subformat: String) throws {
        try withTemporaryFolder { folder in
            var random = SeededGenerator(seed: 3)
            let content = TestContent.sparse.bytes(count: 9_000_448, &random)
            let raw = try folder.file("disk.raw", Data(content))
            let image = try QemuImage.convert(
                raw, to: folder.appending(path: "disk.vmdk"), format: "vmdk",
                ["-o", "subformat=\(subformat)"])
            let opened = try DiskChecks.open(image.url)
            #expect(opened.stack == "vmdk")
            try DiskChecks.expectSameAsQemu(image)
        }
    }

    @Test(arguments: ["monolithicSparse", "monolithicSparse,zeroed_grain=on", "twoGbMaxExtentSparse"])
    func randomWrites(_ options: String) throws {
        try withTemporaryFolder { folder in
            let image = try QemuImage.create(
                folder.appending(path: "disk.vmdk"), format: "vmdk", size: 8 << 20,
                ["-o", "subformat=\(options)"])
            var writes = try RandomWrites(seed: 1, size: 8 << 20, clusterSize: 65_536, in: folder)
            try image.io(writes.mixed(40).filter { !$0.hasPrefix("discard") })
            try DiskChecks.expectSameAsQemu(image)
        }
    }

    /// A disk of more than 2 GiB, so that there is more than one extent.
    @Test(arguments: ["twoGbMaxExtentSparse", "twoGbMaxExtentFlat"])
    func severalExtents(_ subformat: String) throws {
        try withTemporaryFolder { folder in
            let image = try QemuImage.create(
                folder.appending(path: "disk.vmdk"), format: "vmdk", size: 5 << 30,
                ["-o", "subformat=\(subformat)"])
            try image.io(["write -q -P 7 2147418112 131072", "write -q -P 9 4294901760 131072"])
            let disk = try DiskChecks.open(image.url).disk
            #expect(disk.size == 5 << 30)
            #expect(
                try disk.bytes(at: 2_147_418_112 - 512, count: 131_072 + 1024)
                    == [UInt8](repeating: 0, count: 512) + [UInt8](repeating: 7, count: 131_072)
                    + [UInt8](repeating: 0, count: 512))
            #expect(
                try disk.bytes(at: 4_294_901_760, count: 131_072) == [UInt8](repeating: 9, count: 131_072))
            // What qemu-img takes of a new file at once is data too.
            let data = try DiskChecks.extents(disk).filter { $0.kind == .data }.map(\.range)
            #expect(
                data.filter { $0.lowerBound > 0 } == [
                    2_147_418_112..<2_147_549_184, 4_294_901_760..<4_295_032_832,
                ])
        }
    }

    @Test func chain() throws {
        try withTemporaryFolder { folder in
            var image = try QemuImage.create(
                folder.appending(path: "disk0.vmdk"), format: "vmdk", size: 8 << 20,
                ["-o", "subformat=twoGbMaxExtentSparse"])
            for number in 0..<4 {
                var writes = try RandomWrites(
                    seed: UInt64(number), size: 8 << 20, clusterSize: 65_536, in: folder)
                try image.io(writes.mixed(8).filter { !$0.hasPrefix("discard") })
                if number < 3 {
                    image = try QemuImage.create(
                        folder.appending(path: "disk\(number + 1).vmdk"), format: "vmdk",
                        ["-b", "disk\(number).vmdk", "-F", "vmdk"])
                }
            }
            try DiskChecks.expectSameAsQemu(image)
        }
    }

    @Test func parentOfAnotherContent() throws {
        try withTemporaryFolder { folder in
            let base = try QemuImage.create(
                folder.appending(path: "base.vmdk"), format: "vmdk", size: 1 << 20)
            let child = try QemuImage.create(
                folder.appending(path: "child.vmdk"), format: "vmdk", ["-b", "base.vmdk", "-F", "vmdk"])
            var bytes = try Array(Data(contentsOf: base.url))
            let place = try #require(Data(bytes).range(of: Data("\nCID=".utf8)))
            bytes.replaceSubrange(place.upperBound..<place.upperBound + 4, with: Array("1234".utf8))
            try Data(bytes).write(to: base.url)
            let error = #expect(throws: ImageError.self) { try Image.open(child.url.path) }
            #expect(error?.code == .corrupt)
            #expect(
                error?.reason.hasSuffix(
                    ": it has been written to since, or is another file") == true)
            #expect(error?.remedy == Remedy(.ignoreContentID, nil, "opens it all the same"))
            var options = OpenOptions()
            options.formatOptions.ignoresContentID = true
            let image = try Image.open(child.url.path, options)
            #expect(image.warnings.contains { $0.hasSuffix(", which is ignored") })
            #expect(try image.disk.bytes(at: 0, count: 512) == [UInt8](repeating: 0, count: 512))
        }
    }
}
