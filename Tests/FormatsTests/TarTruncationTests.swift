import TestSupport
import Testing

@testable import VitrineFormats

/// Members whose end is missing because the archive is truncated.
@Suite struct TarTruncationTests {
    private let content = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 / 512 + 1) }

    private func open(
        _ bytes: some Sequence<UInt8>, _ name: String = "disk.tar", member: SystemString? = nil,
        recovers: Bool = true
    ) throws(ImageError) -> Image {
        var options = OpenOptions(member: member)
        options.formatOptions.recovers = recovers
        return try Image(name, MemorySource(Array(bytes)), options)
    }

    private func tar(_ make: (inout TarFile) -> Void) -> [UInt8] {
        var tar = TarFile()
        make(&tar)
        tar.end()
        return tar.bytes
    }

    /// A raw disk keeps its size.
    @Test func rawDisk() throws {
        let cut = tar { $0.add("disk.raw", content) }.prefix(512 + 6000)
        let reason =
            "member \"disk.raw\" at 512 takes 10000 bytes, but the end is at 6512: the archive is cut short"
        let refused = #expect(throws: ImageError.self) { try open(cut, recovers: false) }
        #expect(
            refused?.description == "tar: \(reason), and holds only the first 5.9 KiB of the member's data")
        #expect(refused?.remedy == Remedy(.recover, nil, "serves what is there"))
        let image = try open(cut)
        #expect(
            image.warnings == [
                "tar: the archive is cut short: data at 512 takes 10000 bytes, but the end is at 6512",
                "tar: member \"disk.raw\" is there up to 6000 of its 10000 bytes, and reading data behind that fails",
            ])
        #expect(image.size == 10_000)
        #expect(try image.disk.bytes(at: 0, count: 6000) == Array(content[..<6000]))
        for (offset, count) in [(5999, 2), (6000, 1), (9999, 1)] as [(UInt64, Int)] {
            let error = #expect(throws: ImageError.self) { try image.disk.bytes(at: offset, count: count) }
            #expect(error?.description == reason)
        }
    }

    @Test func nothingOfTheMember() throws {
        let cut = tar { $0.add("disk.raw", content) }.prefix(512)
        let refused = #expect(throws: ImageError.self) { try open(cut, recovers: false) }
        #expect(refused?.reason.hasSuffix("and holds nothing of the member's data") == true)
        #expect(refused?.remedy == nil)
        let image = try open(cut)
        #expect(image.size == 10_000)
        #expect(throws: ImageError.self) { try image.disk.bytes(at: 0, count: 1) }
    }

    /// An archive without the blocks that end it has all of its members.
    @Test func onlyTheEndOfTheArchive() throws {
        let whole = tar { $0.add("disk.raw", content) }
        for end in [512 + 10_000, 512 + 10_240, 1024 + 10_240] {
            let image = try open(whole.prefix(end), recovers: false)
            #expect(image.warnings == [])
            #expect(try image.disk.bytes(at: 0, count: 10_000) == content)
        }
    }

    /// The members before a header that is cut are there.
    @Test func endsInsideAHeader() throws {
        let cut = tar { tar in
            tar.add("disk.raw", [1, 2, 3])
            tar.add("b.txt", [1])
        }.prefix(1024 + 100)
        let image = try open(cut, recovers: false)
        #expect(
            image.warnings == [
                "tar: the archive is cut short: header at 1024 takes 512 bytes, but the end is at 1124"
            ])
        #expect(try image.disk.bytes(at: 0, count: 3) == [1, 2, 3])
    }

    /// A format that tells by itself what is missing gets the member as a truncated file.
    @Test func compressedDisk() throws {
        let content = SeekContent.mixed(1 << 20, seed: 5)
        let xz = XZFile.encode(content, blockSize: 128 << 10)
        let held = xz.count / 2
        let alone = try open(xz.prefix(held), "disk.raw.xz")
        let cut = tar { $0.add("disk.raw.xz", xz) }.prefix(512 + held)
        let image = try open(cut)
        #expect(image.stack == "raw in xz in tar")
        #expect(image.size == alone.size && image.size > 0)
        #expect(Array(image.warnings.suffix(alone.warnings.count)) == alone.warnings)
        let count = Int(image.size)
        #expect(try image.disk.bytes(at: 0, count: count) == Array(content[..<count]))
    }

    /// The name tells nothing, and the end of the member cannot be read.
    @Test func diskThatIsRecognised() throws {
        let xz = XZFile.encode(SeekContent.mixed(1 << 20, seed: 5), blockSize: 128 << 10)
        let cut = tar { $0.add("disk", xz) }.prefix(512 + xz.count / 2)
        #expect(try open(cut).stack == "raw in xz in tar")
        let refused = #expect(throws: ImageError.self) { try open(cut, recovers: false) }
        #expect(refused?.reason.contains("the archive is cut short") == true)
    }

    @Test func archiveInAnArchive() throws {
        let inner = tar { tar in
            tar.add("a.raw", [1, 2, 3])
            tar.add("b.raw", content)
        }
        let cut = tar { $0.add("inner.tar", inner) }.prefix(512 + 1536 + 4096)
        let first = try open(cut, member: "inner.tar/a.raw")
        #expect(try first.disk.bytes(at: 0, count: 3) == [1, 2, 3])
        let second = try open(cut, member: "inner.tar/b.raw")
        #expect(second.size == 10_000)
        #expect(try second.disk.bytes(at: 0, count: 4096) == Array(content[..<4096]))
        #expect(throws: ImageError.self) { try second.disk.bytes(at: 4096, count: 1) }
    }

    // MARK: Sparse members

    /// A member of 16 KiB with 1 KiB of data at 0, and 1 KiB at 8 KiB. The map is at 1536, the data at 2048.
    private var sparse: [UInt8] {
        tar { tar in
            tar.add(records: "GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.realsize=16384")
            let map = Array("2\n0\n1024\n8192\n1024\n".utf8)
            tar.add(
                "disk.raw",
                map + [UInt8](repeating: 0, count: 512 - map.count) + [UInt8](repeating: 7, count: 2048))
        }
    }

    /// The holes are known, wherever the archive ends.
    @Test func sparseMember() throws {
        let image = try open(sparse.prefix(2048 + 1024 + 512))
        #expect(image.size == 16_384)
        #expect(
            image.warnings.last
                == "tar: member \"disk.raw\" is there up to 8704 of its 16384 bytes, and reading data behind that fails"
        )
        let start = [UInt8](repeating: 7, count: 1024) + [UInt8](repeating: 0, count: 7168)
        #expect(
            try image.disk.bytes(at: 0, count: 8704) == start + [UInt8](repeating: 7, count: 512))
        #expect(try image.disk.bytes(at: 9216, count: 7168) == [UInt8](repeating: 0, count: 7168))
        let error = #expect(throws: ImageError.self) { try image.disk.bytes(at: 8704, count: 1) }
        #expect(
            error?.description
                == "member \"disk.raw\" at 1536 takes 2560 bytes, but the end is at 3584: the archive is cut short"
        )
        #expect(
            try DiskChecks.extents(image.disk) == [
                Extent(0..<1024, .data), Extent(1024..<8192, .hole), Extent(8192..<9216, .data),
                Extent(9216..<16_384, .hole),
            ])
    }

    @Test func sparseMapThatIsCut() {
        let error = #expect(throws: ImageError.self) { try open(sparse.prefix(1536 + 9)) }
        #expect(
            error?.description
                == "tar: the sparse map at 1536 goes on at 1545, but the end is at 1545: the archive is cut short"
        )
    }

    // MARK: Members together

    @Test func diskInPieces() throws {
        let text = """
            <Envelope><References><File id="f" href="disk" chunkSize="512"/></References>
            <DiskSection><Disk diskId="d" fileRef="f"/></DiskSection></Envelope>
            """
        let cut = tar { tar in
            tar.add("a.ovf", Array(text.utf8))
            tar.add("disk.000000000", [UInt8](repeating: 1, count: 512))
            tar.add("disk.000000001", [UInt8](repeating: 2, count: 512))
        }.prefix(1024 + 1024 + 512 + 100)
        let image = try open(cut, "a.ova")
        #expect(image.size == 1024)
        #expect(
            image.warnings.last
                == "tar: member \"disk\" is there up to 612 of its 1024 bytes, and reading data behind that fails"
        )
        #expect(
            try image.disk.bytes(at: 0, count: 612)
                == [UInt8](repeating: 1, count: 512) + [UInt8](repeating: 2, count: 100))
        let error = #expect(throws: ImageError.self) { try image.disk.bytes(at: 612, count: 1) }
        #expect(
            error?.reason
                == "member \"disk.000000001\" at 2560 takes 512 bytes, but the end is at 2660: the archive is cut short"
        )
    }

    @Test func backingFile() throws {
        let cut = tar { tar in
            tar.add("overlay.referring", [1])
            tar.add("base.raw", content)
        }.prefix(1536 + 6000)
        let archive = try TarArchive(MemorySource(Array(cut)))
        let reference = Reference(.backingFile, Array("base.raw".utf8), format: "raw")
        func references(recovers: Bool) -> TarReferences {
            var options = FormatOptions()
            options.recovers = recovers
            return TarReferences(
                archive, archive.members[0],
                OpenContext(engine: .shared, opener: Registry(), options: options))
        }
        let refused = #expect(throws: ImageError.self) {
            try references(recovers: false).open(reference)
        }
        #expect(refused?.reason.contains("the archive is cut short") == true)
        let disk = try references(recovers: true).open(reference)
        #expect(disk.size == 10_000)
        #expect(try disk.bytes(at: 0, count: 6000) == Array(content[..<6000]))
        #expect(throws: ImageError.self) { try disk.bytes(at: 6000, count: 1) }
        // A VMDK tells by itself what its extents lack.
        let extent = try references(recovers: true).open(Reference(.extent, Array("base.raw".utf8)))
        #expect(extent.size == 6000)
    }
}
