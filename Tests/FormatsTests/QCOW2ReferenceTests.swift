import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

/// qcow2 images that need other files: backing files, and external data files.
@Suite(.needs(.nbdinfo, .qemuImg, .qemuIO))
struct QCOW2ReferenceTests {
    private static let size: UInt64 = 8 << 20

    /// Makes an image of `size` bytes in `folder` with random content.
    private func base(
        _ name: String, _ format: String, _ folder: URL, size: UInt64 = size, seed: UInt64 = 1
    ) throws -> QemuImage {
        let image = try QemuImage.create(folder.appending(path: name), format: format, size: size)
        var writes = try RandomWrites(seed: seed, size: Int(size), clusterSize: 65_536, in: folder)
        try image.io(writes.mixed(40))
        return image
    }

    private func overlay(
        _ name: String, on base: QemuImage, size: UInt64? = nil, _ options: String = "cluster_size=65536"
    ) throws -> QemuImage {
        try QemuImage.create(
            base.url.deletingLastPathComponent().appending(path: name), size: size,
            ["-b", base.url.lastPathComponent, "-F", base.format, "-o", options])
    }

    @Test(
        arguments: ["raw", "qcow2", "qcow"],
        ["cluster_size=65536", "cluster_size=4096", "compat=0.10", "extended_l2=on,cluster_size=65536"])
    func backingFile(_ format: String, _ options: String) throws {
        try withTemporaryFolder { folder in
            let image = try overlay("overlay.qcow2", on: base("base", format, folder), options)
            var writes = try RandomWrites(seed: 2, size: Int(Self.size), clusterSize: 65_536, in: folder)
            try image.io(writes.mixed(15))
            try DiskChecks.expectSameAsQemu(image)
        }
    }

    @Test(arguments: ["raw", "qcow2"], [3_000_832, 20 << 20] as [UInt64])
    func backingFileOfAnotherSize(_ format: String, _ size: UInt64) throws {
        try withTemporaryFolder { folder in
            let image = try overlay(
                "overlay.qcow2", on: base("base", format, folder, size: size), size: Self.size)
            try image.io(["write -q -P 5 100k 30k", "write -q -P 6 2900k 500k"])
            try DiskChecks.expectSameAsQemu(image)
        }
    }

    @Test func chainOfFive() throws {
        try withTemporaryFolder { folder in
            var image = try base("disk0", "raw", folder)
            for number in 1...5 {
                image = try overlay("disk\(number)", on: image)
                var writes = try RandomWrites(
                    seed: UInt64(number), size: Int(Self.size), clusterSize: 65_536, in: folder)
                try image.io(writes.mixed(5))
            }
            try DiskChecks.expectSameAsQemu(image)
            let disk = try DiskChecks.open(image.url).disk
            #expect(try Set((0..<128).map { try disk.depth(in: $0 << 16..<$0 << 16 + 512).depth }).count > 3)
        }
    }

    @Test func compressedOverlay() throws {
        try withTemporaryFolder { folder in
            let image = try overlay("overlay.qcow2", on: base("base", "qcow2", folder))
            var writes = try RandomWrites(seed: 3, size: Int(Self.size), clusterSize: 65_536, in: folder)
            try image.io(writes.compressed(20))
            try DiskChecks.expectSameAsQemu(image)
        }
    }

    @Test func qcowOverlay() throws {
        try withTemporaryFolder { folder in
            let file = try base("base", "raw", folder)
            let image = try QemuImage.create(
                folder.appending(path: "overlay.qcow"), format: "qcow", ["-b", "base", "-F", "raw"])
            try image.io(["write -q -P 5 100k 30k", "write -q -P 6 2900k 500k"])
            // Its format is nowhere recorded, and not guessed.
            let error = #expect(throws: ImageError.self) { try DiskChecks.open(image.url) }
            #expect(error?.description == "qcow: base: its format is not recorded")
            #expect(error?.code == .refused)
            let described = try ImageDescription.inspect(image.url.path)
            #expect(
                described.layers[0].references == [
                    Reference(.backingFile, Array(file.url.lastPathComponent.utf8))
                ])
        }
    }

    @Test(arguments: ["data_file_raw=on", "data_file_raw=off"], ["extended_l2=off", "extended_l2=on"])
    func dataFile(_ raw: String, _ extended: String) throws {
        try withTemporaryFolder { folder in
            let data = folder.appending(path: "data.bin")
            let image = try QemuImage.create(
                folder.appending(path: "disk.qcow2"), size: Self.size,
                ["-o", "data_file=\(data.path),\(raw),\(extended)"])
            var writes = try RandomWrites(seed: 4, size: Int(Self.size), clusterSize: 65_536, in: folder)
            try image.io(writes.mixed(40))
            // The name is an absolute one.
            let engine = Engine(memory: Engine.minimumMemory, threads: 2)
            let opened = try Image(
                "disk", FileSource(path: image.url.path), OpenOptions(engine: engine),
                references: FolderReferences(URL(filePath: "/"), engine))
            let content = try image.content()
            try DiskChecks.expect(opened.disk, reads: content)
            try DiskChecks.expect(opened.disk, agreesWith: image.map(), content: content)
            try DiskChecks.expect(
                opened.disk, hasDepths: image.context("qemu:allocation-depth", ["-A"]))
            guard raw == "data_file_raw=on" else { return }
            #expect(try Array(Data(contentsOf: data)) == content)
            // Exactly what qemu-nbd says, whose kinds are sums: 1 for a hole, 2 for zeroes.
            let theirs = try image.context("base:allocation", [])
            let ours = try DiskChecks.extents(opened.disk)
            #expect(ours.allSatisfy { $0.kind != .zero })
            #expect(ours.map(\.range.count) == theirs.map { Int($0.length) })
            #expect(ours.map { $0.kind == .data ? 0 : 3 } == theirs.map { Int($0.type) })
        }
    }

    /// A raw data file holds all of the disk, so damaged tables do not keep any of it from being read.
    @Test func rawDataFileWithDamagedTables() throws {
        let content = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 >> 12) | 1 }
        struct Data: References {
            let content: [UInt8]
            func open(_ reference: Reference) throws(ImageError) -> any Source { MemorySource(content) }
        }
        var file = QCOW2File(incompatible: 1 << 2)
        file.put(UInt64(2), at: 88)
        var offset = 112
        file.addExtension(0x4441_5441, Array("data".utf8), at: &offset)
        file.setEntry(0, 1 << 63)
        file.setEntry(1, 5 << 16)
        file.setEntry(2, 1)
        file.setEntry(3, 1 << 62)
        let disk = try file.open(Data(content: content)).disk
        let zeroes = [UInt8](repeating: 0, count: 1 << 16)
        #expect(
            try disk.bytes(at: 0, count: 5 << 16) == content[..<(2 << 16)] + zeroes
                + content[3 << 16..<4 << 16] + zeroes)
        #expect(
            try DiskChecks.extents(disk) == [
                Extent(0..<2 << 16, .data), Extent(2 << 16..<3 << 16, .hole),
                Extent(3 << 16..<4 << 16, .data), Extent(4 << 16..<1 << 20, .hole),
            ])
        #expect(try disk.depth(in: 0..<1 << 20) == Allocation(0..<4 << 16, depth: 1))
        #expect(try disk.depth(in: 4 << 16..<1 << 20) == Allocation(4 << 16..<1 << 20, depth: 0))
        // The L1 entry, which leads past the end of the file then.
        file.put(UInt64(1) << 40, at: file.clusterSize)
        let damaged = try file.open(Data(content: content)).disk
        try DiskChecks.expect(damaged, reads: content)
        #expect(try DiskChecks.extents(damaged) == [Extent(0..<1 << 20, .data)])
    }

    /// If the data file is not raw, the tables count, and their entries must have the only value that they can have.
    @Test func dataFileEntries() throws {
        let content = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 >> 4) }
        struct Data: References {
            let content: [UInt8]
            func open(_ reference: Reference) throws(ImageError) -> any Source { MemorySource(content) }
        }
        var file = QCOW2File(incompatible: 1 << 2)
        var offset = 112
        file.addExtension(0x4441_5441, Array("data".utf8), at: &offset)
        file.setEntry(0, 1 << 63)
        file.setEntry(1, 1 << 16)
        file.setEntry(2, 1 << 16)
        file.setEntry(3, 1 << 62)
        let disk = try file.open(Data(content: content)).disk
        #expect(try disk.bytes(at: 0, count: 2 << 16) == Array(content[..<(2 << 16)]))
        #expect(try disk.bytes(at: 5 << 16, count: 100) == [UInt8](repeating: 0, count: 100))
        let wrong = #expect(throws: ImageError.self) { try disk.bytes(at: 2 << 16, count: 1) }
        #expect(
            wrong?.description
                == "qcow2: L2 entry at 131088 is 0x10000: offset 65536 in the data file, expected the offset on "
                + "the disk, 131072"
        )
        let compressed = #expect(throws: ImageError.self) { try disk.bytes(at: 3 << 16, count: 1) }
        #expect(
            compressed?.description
                == "qcow2: L2 entry at 131096 is 0x4000000000000000: a compressed cluster, which images with a data file do not have"
        )
        var nameless = QCOW2File(incompatible: 1 << 2)
        let error = #expect(throws: ImageError.self) { try nameless.open(Data(content: content)) }
        #expect(error?.description == "qcow2: the data is in another file, whose name is not recorded")
        #expect(
            try nameless.inspect().warnings == ["qcow2: the name of the external data file is not recorded"])
        nameless.put(UInt64(2), at: 88)
        #expect(throws: ImageError.self) { try nameless.open(Data(content: content)) }
    }

    // MARK: Without leave

    private func file(backing name: String, format: String?) -> QCOW2File {
        var file = QCOW2File()
        var offset = 112
        if let format { file.addExtension(0xE279_2ACA, Array(format.utf8), at: &offset) }
        file.put(UInt64(1024), at: 8)
        file.put(UInt32(name.utf8.count), at: 16)
        file.put(Array(name.utf8), at: 1024)
        return file
    }

    @Test func nothingIsOpenedWithoutLeave() throws {
        for (name, reason) in [
            (
                "/etc/shadow",
                " is not opened: vitrine knows no directory of the image in which to look for it"
            ),
            ("json:{}", " has a json: name; vitrine opens files only by their paths"),
            (
                "nbd:localhost:10809",
                " has a name with ':' before any '/', like a protocol (nbd:); vitrine opens files only by "
                    + "their paths"
            ),
            ("a\u{1B}b", " has the control character 0x1b in its name, at byte 1"),
        ] {
            let file = file(backing: name, format: "raw")
            let error = #expect(throws: ImageError.self) { try file.open() }
            #expect(error?.code == .refused)
            #expect(error?.description == "qcow2: backing file \"\(printable(name))\"\(reason)")
        }
    }

    /// Describing opens no other file, even if it exists.
    @Test func describingOpensNothing() throws {
        let description = try file(backing: "/dev/zero", format: nil).inspect()
        let layer = try #require(description.layers.first)
        #expect(layer.references == [Reference(.backingFile, Array("/dev/zero".utf8))])
        #expect(description.partitionTable == nil)
        #expect(
            description.partitionTableReason?.reason
                == "the image names other files, and none is opened to describe it")
        let texts = layer.properties.compactMap { property -> String? in
            switch property.value {
            case .text(let text), .phrase(let text, nil): "\(property.key): \(text)"
            default: nil
            }
        }
        #expect(texts.contains("backing-file: /dev/zero"))
        #expect(texts.contains("backing-format: not recorded"))
    }

    @Test func errorsOfTheBackingFileNameIt() throws {
        struct Failing: References {
            func open(_ reference: Reference) throws(ImageError) -> any Source {
                ObservedSource([UInt8](repeating: 1, count: 1 << 20), failing: 100..<200)
            }
        }
        let disk = try file(backing: "base.raw", format: "raw").open(Failing()).disk
        let error = #expect(throws: ImageError.self) { try disk.bytes(at: 0, count: 512) }
        #expect(error?.description == "qcow2: backing file \"base.raw\": bytes 100 to 200 are bad")
        #expect(try disk.bytes(at: 512, count: 512) == [UInt8](repeating: 1, count: 512))
    }
}
