import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

/// Compares archives by GNU tar and Python with the data they were made from.
@Suite(.needs(.python, .qemuImg, .tar, .xz))
struct TarReadingTests {
    /// The forms in which GNU tar stores sparse members.
    static let sparseForms: [[String]] = [
        ["--format=gnu"], ["--format=oldgnu"], ["--format=posix", "--sparse-version=0.0"],
        ["--format=posix", "--sparse-version=0.1"], ["--format=posix", "--sparse-version=1.0"],
    ]

    /// Packs `names`, files in `folder`, into a new archive called `archive`.
    private func pack(
        _ names: [String], in folder: URL, to archive: String, _ options: [String]
    ) throws -> URL {
        let url = folder.appending(path: archive)
        let result = try Tool.tar.run(["-C", folder.path, "-cf", url.path] + options + names)
        try #require(result.status == 0, "\(result.errors)")
        return url
    }

    /// A disk with many zeroes.
    private func content(_ count: Int, seed: UInt64 = 3) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        return TestContent.sparse.bytes(count: count, &random)
    }

    @Test(arguments: ["v7", "ustar", "oldgnu", "gnu", "posix"])
    func everyFormat(_ format: String) throws {
        try withTemporaryFolder { folder in
            let content = content(1_500_001)
            _ = try folder.file("disk.raw", Data(content))
            _ = try folder.file("a.txt", "not a disk\n")
            try FileManager.default.createDirectory(
                at: folder.appending(path: "z"), withIntermediateDirectories: false)
            try FileManager.default.createSymbolicLink(
                atPath: folder.path + "/link.raw", withDestinationPath: "disk.raw")
            try FileManager.default.linkItem(
                atPath: folder.path + "/disk.raw", toPath: folder.path + "/hard.raw")
            let names = ["a.txt", "z", "link.raw", "disk.raw", "hard.raw"]
            let archive = try pack(names, in: folder, to: "disk.tar", ["--format=\(format)"])
            let image = try DiskChecks.open(archive)
            #expect(image.stack == "raw in tar")
            #expect(image.warnings == [])
            try DiskChecks.expect(image.disk, reads: content)
        }
    }

    /// Holes are the blocks of zeroes, as tar is told to find holes that way.
    @Test(arguments: sparseForms)
    func sparseMember(_ form: [String]) throws {
        try withTemporaryFolder { folder in
            var random = SeededGenerator(seed: 11)
            var content = [UInt8](repeating: 0, count: 3_000_123)
            for _ in 0..<150 {
                let start = Int.random(in: 2048..<5800, using: &random) * 512
                for index in start..<start + 512 * Int.random(in: 1...4, using: &random) {
                    content[index] = UInt8.random(in: 1...255, using: &random)
                }
            }
            content[content.count - 1] = 1
            // tar looks for zeroes only in a file that has holes.
            let disk = try folder.file("disk.raw", Data())
            let handle = try FileHandle(forWritingTo: disk)
            try handle.seek(toOffset: 1 << 20)
            try handle.write(contentsOf: Data(content[(1 << 20)...]))
            try handle.close()
            _ = try folder.file("z.txt", "what follows\n")
            let options = ["--sparse", "--hole-detection=raw"] + form
            let archive = try pack(["disk.raw", "z.txt"], in: folder, to: "disk.tar", options)
            try #require(Data(contentsOf: archive).count < 800_000)
            let image = try DiskChecks.open(archive)
            try DiskChecks.expect(image.disk, reads: content)

            let memory = try Image(
                "disk.tar", MemorySource(Array(Data(contentsOf: archive))), OpenOptions())
            #expect(try DiskChecks.extents(memory.disk) == blocks(of: content))
            let other = try DiskChecks.open(archive, member: "z.txt")
            #expect(try other.disk.bytes(at: 0, count: 12) == Array("what follows".utf8))
        }
    }

    /// The runs of zero blocks, and of others.
    private func blocks(of content: [UInt8]) -> [Extent] {
        var extents: [Extent] = []
        for start in stride(from: 0, to: content.count, by: 512) {
            let block = start..<min(start + 512, content.count)
            let kind: Extent.Kind = content[block].allSatisfy { $0 == 0 } ? .hole : .data
            if let last = extents.last, last.kind == kind {
                extents[extents.count - 1].range = last.range.lowerBound..<UInt64(block.upperBound)
            } else {
                extents.append(Extent(UInt64(block.lowerBound)..<UInt64(block.upperBound), kind))
            }
        }
        return extents
    }

    /// A hole in the archive is also one in the member.
    @Test func holesBelow() throws {
        var tar = TarFile()
        tar.add("disk.raw", [UInt8](repeating: 0, count: 20_000))
        tar.end()
        let source = ObservedSource(tar.bytes, holes: [4096..<8192])
        let disk = try Image("disk.tar", source, OpenOptions()).disk
        #expect(
            try DiskChecks.extents(disk) == [
                Extent(0..<3584, .data), Extent(3584..<7680, .hole), Extent(7680..<20_000, .data),
            ])
        #expect(try disk.extent(in: 3584..<7000, mayWait: false) == Extent(3584..<7000, .hole))
    }

    /// A map of two segments, the first with a hole in the archive.
    @Test func holesBelowASparseMember() throws {
        var tar = TarFile()
        tar.add(records: "GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.realsize=100000")
        let map = Array("2\n8192\n8192\n65536\n512\n".utf8)
        tar.add("disk.raw", map + [UInt8](repeating: 0, count: 512 - map.count + 8704))
        let source = ObservedSource(tar.bytes, holes: [4096..<8192])
        let disk = try Image("disk.tar", source, OpenOptions()).disk
        // The data begins at 2048 of the archive.
        #expect(
            try DiskChecks.extents(disk) == [
                Extent(0..<8192, .hole), Extent(8192..<10_240, .data), Extent(10_240..<14_336, .hole),
                Extent(14_336..<16_384, .data), Extent(16_384..<65_536, .hole),
                Extent(65_536..<66_048, .data), Extent(66_048..<100_000, .hole),
            ])
        try disk.prefetch(0..<100_000)
        #expect(source.prefetched == [2048..<10_240, 10_240..<10_752])
    }

    @Test(arguments: sparseForms)
    func sparseMemberOf20GiB(_ form: [String]) throws {
        try withTemporaryFolder { folder in
            let disk = try folder.file("disk.raw", Data())
            let handle = try FileHandle(forWritingTo: disk)
            let size: UInt64 = 20 << 30
            try handle.truncate(atOffset: size)
            let offsets: [UInt64] = [0, 9 << 30, size - 65_536]
            for (number, offset) in offsets.enumerated() {
                try handle.seek(toOffset: offset)
                try handle.write(contentsOf: Data(repeating: UInt8(number + 1), count: 65_536))
            }
            try handle.close()
            let archive = try pack(["disk.raw"], in: folder, to: "disk.tar", ["--sparse"] + form)
            let image = try DiskChecks.open(archive)
            #expect(image.size == size)
            for (number, offset) in offsets.enumerated() {
                let bytes = try image.disk.bytes(at: offset, count: 65_536)
                #expect(bytes.allSatisfy { $0 == UInt8(number + 1) })
            }
            #expect(
                try DiskChecks.extents(image.disk) == [
                    Extent(0..<65_536, .data), Extent(65_536..<9 << 30, .hole),
                    Extent(9 << 30..<9 << 30 + 65_536, .data),
                    Extent(9 << 30 + 65_536..<size - 65_536, .hole), Extent(size - 65_536..<size, .data),
                ])
        }
    }

    /// A size that is not 11 octal digits, but binary in the header, or in a pax record.
    @Test(arguments: [false, true])
    func memberOf9GiB(_ isPax: Bool) throws {
        try withTemporaryFolder { folder in
            let size: UInt64 = 9 << 30 + 5
            var tar = TarFile()
            if isPax { tar.add(records: "size=\(size)") }
            tar.add("big.raw", size: isPax ? 0 : size)
            let start = UInt64(tar.bytes.count)
            let archive = try folder.file("big.tar", Data(tar.bytes))
            let handle = try FileHandle(forWritingTo: archive)
            try handle.seek(toOffset: start + size - 5)
            try handle.write(contentsOf: Data("end!!".utf8))
            try handle.seek(toOffset: start + size + 507)
            var next = TarFile()
            next.add("small.raw", Array("small".utf8))
            next.end()
            try handle.write(contentsOf: Data(next.bytes))
            try handle.close()
            let big = try DiskChecks.open(archive, member: "big.raw")
            #expect(big.size == size)
            #expect(try big.disk.bytes(at: size - 5, count: 5) == Array("end!!".utf8))
            let small = try DiskChecks.open(archive, member: "small.raw")
            #expect(try small.disk.bytes(at: 0, count: 5) == Array("small".utf8))
        }
    }

    @Test(arguments: ["ustar", "gnu", "posix"], [60, 120, 240, 700])
    func longName(_ format: String, _ length: Int) throws {
        // ustar has room for 155 characters of directories.
        if format == "ustar" && length > 120 { return }
        try withTemporaryFolder { folder in
            let parts = (0..<length / 60).map { _ in String(repeating: "d", count: 59) }
            let directory = parts.joined(separator: "/")
            try FileManager.default.createDirectory(
                atPath: folder.path + "/" + directory, withIntermediateDirectories: true)
            let name = directory + "/dísk.raw"
            try Data("content".utf8).write(to: folder.appending(path: name))
            let archive = try pack(["./" + name], in: folder, to: "disk.tar", ["--format=\(format)"])
            for asked in [name, "./" + name] {
                let disk = try DiskChecks.open(archive, member: SystemString(asked)).disk
                #expect(try disk.bytes(at: 0, count: 7) == Array("content".utf8))
            }
        }
    }

    /// Python writes pax headers of its own, and one for all members.
    @Test(arguments: ["USTAR", "GNU", "PAX"])
    func byPython(_ format: String) throws {
        try withTemporaryFolder { folder in
            let content = content(700_000)
            _ = try folder.file("disk", Data(content))
            let script = """
                import sys, tarfile
                name = 'n' * (120 if sys.argv[2] != 'USTAR' else 90) + '.raw'
                with tarfile.open(sys.argv[1] + '/disk.ova', 'w', format=getattr(tarfile, sys.argv[2] + '_FORMAT'),
                        pax_headers={'comment': 'for all', 'path': 'nobody.raw'} if sys.argv[2] == 'PAX' else None) as tar:
                    tar.add(sys.argv[1] + '/disk', name)
                """
            let result = try Tool.python.run("-c", script, folder.path, format)
            try #require(result.status == 0, "\(result.errors)")
            let image = try DiskChecks.open(folder.appending(path: "disk.ova"))
            try DiskChecks.expect(image.disk, reads: content)
        }
    }

    // MARK: Layers

    @Test func inXZ() throws {
        try withTemporaryFolder { folder in
            let content = content(3_000_000)
            _ = try folder.file("disk.raw", Data(content))
            let options = ["--sparse", "--hole-detection=raw", "--format=posix"]
            let archive = try pack(["disk.raw"], in: folder, to: "disk.tar", options)
            try #require(Tool.xz.run("-T1", "--block-size=300000", archive.path).status == 0)
            let image = try DiskChecks.open(archive.appendingPathExtension("xz"), memory: 64 << 20)
            #expect(image.stack == "raw in tar in xz")
            try DiskChecks.expect(image.disk, reads: content)
        }
    }

    @Test func diskFormatsInIt() throws {
        try withTemporaryFolder { folder in
            let content = content(2 << 20)
            let raw = try folder.file("disk.raw", Data(content))
            _ = try QemuImage.convert(raw, to: folder.appending(path: "disk.qcow2"), ["-c"])
            try #require(Tool.xz.run("-k", "-T1", raw.path).status == 0)
            for (name, stack) in [
                ("disk.qcow2", "qcow2 in tar"), ("disk.raw.xz", "raw in xz in tar"),
                ("inner.tar", "qcow2 in tar in tar"),
            ] {
                if name == "inner.tar" { _ = try pack(["disk.qcow2"], in: folder, to: name, []) }
                // The name is no help.
                let plain = name.split(separator: ".").dropLast().joined(separator: "-")
                try FileManager.default.copyItem(
                    at: folder.appending(path: name), to: folder.appending(path: plain))
                for member in [name, plain] {
                    let archive = try pack([member], in: folder, to: "disk.ova", [])
                    let image = try DiskChecks.open(archive)
                    #expect(image.stack == stack)
                    try DiskChecks.expect(image.disk, reads: content)
                }
            }
        }
    }

    /// Reads only headers, whatever the other members hold.
    @Test func readsHeadersOnly() throws {
        var tar = TarFile()
        for number in 0..<10 { tar.add("\(number).raw", [UInt8](repeating: 7, count: 1 << 20)) }
        tar.end()
        let source = ObservedSource(tar.bytes)
        let disk = try Image("disk.tar", source, OpenOptions(formats: ["tar", "raw"], member: "6.raw")).disk
        // Eleven headers, and where a partition table would be.
        #expect(source.bytesRead < 80_000)
        #expect(try disk.bytes(at: 5, count: 2) == [7, 7])
    }

    /// The last member of a name counts, as when the archive is extracted.
    @Test func lastOfOneNameCounts() throws {
        var tar = TarFile()
        tar.add("disk.raw", Array("first".utf8))
        tar.add("./disk.raw", Array("second".utf8))
        tar.end()
        let disk = try Image("disk.tar", MemorySource(tar.bytes), OpenOptions()).disk
        #expect(try disk.bytes(at: 0, count: 6) == Array("second".utf8))
    }
}
