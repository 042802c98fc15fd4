import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

/// Compares qcow2 images of every kind, made by qemu, with the content that qemu reads.
@Suite(.needs(.nbdinfo, .qemuImg, .qemuIO))
struct QCOW2ReadingTests {
    struct Kind: CustomStringConvertible, Sendable {
        var options: [String]
        var clusterSize: Int
        var size = 8 << 20
        var compresses = true

        var description: String { options.joined(separator: ",") }

        init(_ options: String..., cluster: Int, size: Int = 8 << 20, compresses: Bool = true) {
            self.options = options + ["cluster_size=\(cluster)"]
            clusterSize = cluster
            self.size = size
            self.compresses = compresses
        }
    }

    static let kinds: [Kind] = plainKinds + otherKinds

    private static var plainKinds: [Kind] {
        var kinds: [Kind] = []
        for cluster in [512, 4096, 65_536, 2 << 20] {
            let size = cluster == 512 ? 1 << 20 : 8 << 20
            for option in ["compat=0.10", "compat=1.1", "compression_type=zstd"] {
                kinds.append(Kind(option, cluster: cluster, size: size))
            }
        }
        return kinds
    }

    private static var otherKinds: [Kind] {
        [
            Kind("extended_l2=on", cluster: 16_384),
            Kind("extended_l2=on", cluster: 65_536),
            Kind("extended_l2=on", "compression_type=zstd", cluster: 2 << 20),
            Kind("lazy_refcounts=on", cluster: 65_536),
            Kind("preallocation=metadata", cluster: 65_536, compresses: false),
            Kind("preallocation=metadata", "extended_l2=on", cluster: 65_536, compresses: false),
            Kind("preallocation=falloc", cluster: 4096, compresses: false),
            Kind("preallocation=full", cluster: 65_536, compresses: false),
            Kind("refcount_bits=1", cluster: 65_536),
            Kind("compat=1.1", cluster: 65_536, size: (8 << 20) - 1536),
            Kind("extended_l2=on", cluster: 65_536, size: (8 << 20) - 1536),
        ]
    }

    @Test(arguments: kinds)
    func randomWrites(_ kind: Kind) throws {
        try withTemporaryFolder { folder in
            var writes = try RandomWrites(
                seed: UInt64(kind.description.utf8.reduce(0) { $0 &* 31 &+ Int($1) } & 0xFFFF),
                size: kind.size,
                clusterSize: kind.clusterSize, in: folder)
            let image = try QemuImage.create(
                folder.appending(path: "disk.qcow2"), size: UInt64(kind.size),
                ["-o", kind.options.joined(separator: ",")])
            if kind.compresses { try image.io(writes.compressed(20)) }
            try image.io(writes.mixed(40))
            try DiskChecks.expectSameAsQemu(image)
        }
    }

    @Test(arguments: kinds)
    func emptyDisk(_ kind: Kind) throws {
        try withTemporaryFolder { folder in
            let image = try QemuImage.create(
                folder.appending(path: "disk.qcow2"), size: UInt64(kind.size),
                ["-o", kind.options.joined(separator: ",")])
            try DiskChecks.expectSameAsQemu(image)
        }
    }

    @Test(arguments: [
        ["-c"], ["-c", "-o", "compression_type=zstd"], ["-c", "-o", "cluster_size=512"],
        ["-c", "-o", "cluster_size=2M,compression_type=zstd"], ["-c", "-o", "compat=0.10"],
        ["-c", "-o", "extended_l2=on"], ["-o", "cluster_size=4k"],
    ])
    func convertedDisk(_ arguments: [String]) throws {
        try withTemporaryFolder { folder in
            var random = SeededGenerator(seed: 3)
            let content = TestContent.sparse.bytes(count: 9_000_448, &random)
            let raw = try folder.file("disk.raw", Data(content))
            let image = try QemuImage.convert(raw, to: folder.appending(path: "disk.qcow2"), arguments)
            try DiskChecks.expectSameAsQemu(image)
            let xz = try Tool.xz.run("-k", "-T1", "--block-size=300000", image.url.path)
            try #require(xz.status == 0)
            let wrapped = try DiskChecks.open(image.url.appendingPathExtension("xz"), memory: 64 << 20)
            #expect(wrapped.stack == "qcow2 in xz")
            try DiskChecks.expect(wrapped.disk, reads: content)
        }
    }

    @Test(arguments: [UInt64(3 << 20), 100 << 20])
    func resizedDisk(_ size: UInt64) throws {
        try withTemporaryFolder { folder in
            let image = try QemuImage.create(folder.appending(path: "disk.qcow2"), size: 8 << 20)
            var writes = try RandomWrites(seed: 5, size: 8 << 20, clusterSize: 65_536, in: folder)
            try image.io(writes.mixed(30))
            try image.img(["resize", "-q", "--shrink"], ["\(size)"])
            try DiskChecks.expectSameAsQemu(image)
        }
    }

    /// Most of such a disk is empty, and its tables are far larger than the part of them that is kept.
    @Test func hugeDisk() throws {
        try withTemporaryFolder { folder in
            let size: UInt64 = 10 << 40
            let image = try QemuImage.create(folder.appending(path: "disk.qcow2"), size: size)
            let offsets: [UInt64] = [0, 1 << 39, 3 << 40, size - 65_536]
            try image.io(offsets.map { "write -q -P 7 \($0) 65536" })
            let disk = try DiskChecks.open(image.url).disk
            #expect(disk.size == size)
            for offset in offsets {
                #expect(try disk.bytes(at: offset, count: 65_536).allSatisfy { $0 == 7 })
            }
            #expect(
                try DiskChecks.extents(disk) == [
                    Extent(0..<65_536, .data), Extent(65_536..<1 << 39, .hole),
                    Extent(1 << 39..<1 << 39 + 65_536, .data), Extent(1 << 39 + 65_536..<3 << 40, .hole),
                    Extent(3 << 40..<3 << 40 + 65_536, .data),
                    Extent(3 << 40 + 65_536..<size - 65_536, .hole), Extent(size - 65_536..<size, .data),
                ])
        }
    }

    /// Version 1 of the format.
    @Test(arguments: [["-c"], []])
    func qcow(_ arguments: [String]) throws {
        try withTemporaryFolder { folder in
            var random = SeededGenerator(seed: 4)
            let content = TestContent.sparse.bytes(count: 5 << 20, &random)
            let raw = try folder.file("disk.raw", Data(content))
            let image = QemuImage(folder.appending(path: "disk.qcow"), format: "qcow")
            // qemu-img 7.2 returns 1 whenever it has compressed a qcow image, and says nothing.
            _ = try Tool.qemuImg.run(
                ["convert", "-f", "raw", "-O", "qcow"] + arguments + [raw.path, image.url.path])
            let opened = try DiskChecks.open(image.url)
            #expect(opened.stack == "qcow")
            try DiskChecks.expect(opened.disk, reads: content)
            try DiskChecks.expectSameAsQemu(image)
        }
    }
}
