import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

/// Descriptors, and the extents they name.
@Suite struct VMDKDescriptorTests {
    private struct Files: References {
        let files: [String: [UInt8]]
        func open(_ reference: Reference) throws(ImageError) -> any Source {
            guard let bytes = files[String(decoding: reference.name, as: UTF8.self)] else {
                throw ImageError(.io, "there is none", path: [reference.text])
            }
            return MemorySource(bytes)
        }
    }

    private func open(
        _ text: [UInt8], _ files: [String: [UInt8]] = [:], recovers: Bool = false
    ) throws(ImageError) -> Image {
        var options = OpenOptions(engine: Engine(memory: Engine.minimumMemory, threads: 2))
        options.formatOptions.recovers = recovers
        return try Image("disk.vmdk", MemorySource(text), options, references: Files(files: files))
    }

    private func sectors(_ count: Int, _ byte: UInt8) -> [UInt8] {
        [UInt8](repeating: byte, count: count * 512)
    }

    /// A flat extent has the extension of a descriptor, and its content is any disk's.
    @Test func fileThatIsNoVMDK() {
        let error = #expect(throws: ImageError.self) {
            try Image("disk", MemorySource(sectors(8, 1)), OpenOptions(formats: ["vmdk"]))
        }
        #expect(error?.code == .corrupt)
        #expect(error?.reason.hasPrefix("this is neither a VMDK descriptor nor a sparse extent; ") == true)
        #expect(error?.remedy == Remedy(.format, "raw", "takes the file as it is"))
    }

    /// No line is skipped, whatever a guest may do with its extent. Offsets count.
    @Test func everyExtentCounts() throws {
        let text = """
            \u{FEFF}

              #  Disk DescriptorFile
            VERSION = 1\r
            CreateType = "custom"\r
            parentCID=ffffffff
            RW 2 FLAT "a \\"b\\".bin" 1\r
            rdonly 1 ZERO
            NOACCESS 3 VMFS "c.bin"
            RW 1   VMFS  "c.bin"   0
            RW 128 SPARSE "s.vmdk"
            RW 130 SPARSE "s.vmdk"
            """.replacing("\\\"", with: "\"")
        var file = VMDKFile()
        file.addGrain(0, sectors(8, 9))
        let image = try open(
            Array(text.utf8),
            [
                "a \"b\".bin": sectors(1, 1) + sectors(2, 2), "c.bin": sectors(3, 3),
                "s.vmdk": file.finished().bytes,
            ])
        let sparse = sectors(8, 9) + sectors(120, 0)
        let expected =
            sectors(2, 2) + sectors(1, 0) + sectors(3, 3) + sectors(1, 3) + sparse + sparse + sectors(2, 0)
        #expect(image.size == UInt64(expected.count))
        #expect(try image.disk.bytes(at: 0, count: expected.count) == expected)
        #expect(
            image.disk.size == UInt64(expected.count) && image.warnings.isEmpty)
    }

    /// The text behind the offset in a line for a partition is not part of the name.
    @Test(arguments: [
        ("\"a\" 0 \"partition\" 17", "a"), ("\"a \"b\" c\" 0 \"partition\"", "a \"b\" c"),
        ("\"a\" 1.bin\" 0", "a\" 1.bin"),
        ("\"a\"", "a"), ("\"a\"\"", "a\""),
    ])
    func names(_ text: String, _ name: String) throws {
        let extent = try VMDKExtent(Array("RW 1 FLAT \(text)".utf8)[...], number: 1)
        #expect(extent.name == Array(name.utf8))
        #expect(extent.offset == 0)
    }

    /// The tables of a truncated stream that is named over and over are made as often.
    @Test func manyRecoveredExtents() throws {
        let tables = 256
        var file = VMDKFile(grains: tables, version: 3, flags: 0x30001, compressed: true)
        // Tables of one entry, which take a sector each.
        file.put(UInt32(1), at: 44)
        file.put(UInt64(file.sectors), at: 64)
        file.put(UInt64.max, at: 56)
        for table in 0..<tables { file.addCompressed(table, [0]) }
        let bytes = file.bytes
        func open(_ extents: Int) throws(ImageError) -> Image {
            let lines = String(repeating: "RW 8 SPARSE \"s.vmdk\"\n", count: extents)
            return try self.open(
                Array("# Disk DescriptorFile\n\(lines)".utf8), ["s.vmdk": bytes], recovers: true)
        }
        // Each takes a sector more than its tables.
        let most = GrainScan.maximumTables / (tables * 512 + 512)
        #expect(try open(most).size == UInt64(most) * 4096)
        let error = #expect(throws: ImageError.self) { try open(most + 1) }
        #expect(
            error?.description
                == "vmdk: the grains found in all extents need more than 67108864 bytes of tables")
    }

    @Test func encodedNames() throws {
        let head = Array("# Disk DescriptorFile\nencoding=\"windows-1252\"\nRW 1 FLAT \"caf".utf8)
        let image = try open(head + [0xE9] + Array(".bin\" 0\n".utf8), ["café.bin": sectors(1, 5)])
        #expect(try image.disk.bytes(at: 0, count: 512) == sectors(1, 5))
        let gbk = Array("# Disk DescriptorFile\nencoding=\"GBK\"\nRW 1 FLAT \"".utf8) + [0xD6, 0xD0]
        #expect(try open(gbk + Array("\" 0\n".utf8), ["中": sectors(1, 6)]).disk.bytes(at: 0, count: 1) == [6])
    }

    @Test(arguments: [
        (
            "createType=\"fullDevice\"\nRW 63 FLAT \"/dev/sda\" 0",
            "vmdk: the disk is on a device (fullDevice): it can be described, but vitrine opens no devices "
                + "that an image names"
        ),
        (
            "RW 63 VMFSRDM \"x-rdm.vmdk\"",
            "vmdk: the disk is on a device (): it can be described, but vitrine opens no devices that an "
                + "image names"
        ),
        ("RW x FLAT \"a\" 0", "vmdk: line 2 of the descriptor: \"x\" is not an extent's number of sectors"),
        (
            "RW 99999999999999999 FLAT \"a\" 0",
            "vmdk: line 2 of the descriptor: \"99999999999999999\" is not an extent's number of sectors"
        ),
        ("RW 1 FLAT \"a\" x", "vmdk: line 2 of the descriptor: \"x\" is not an extent's offset"),
        ("RW 1 FLAT \"a\" \"b\" 1x", "vmdk: line 2 of the descriptor: \"1x\" is not an extent's offset"),
        ("RW 1 FLAT \"a", "vmdk: line 2 of the descriptor: the extent's name has no closing quote"),
        (
            "RW 1 FLAT \"a\" 0\nparentCID=12345678",
            "vmdk: parentCID is 0x12345678, but there is no parentFileNameHint"
        ),
        (
            "RW 1 FLAT \"a\" 0\nCID=xyz",
            "vmdk: line 3 of the descriptor: CID is \"xyz\", expected 8 hexadecimal digits"
        ),
        (
            "RW 18014398509481983 ZERO\nRW 1 ZERO",
            "vmdk: the extents take more than 9223372036854775807 bytes together"
        ),
        ("createType=\"vmfs\"", "vmdk: the descriptor names no extents"),
        ("RW 1 SPARSE \"none\"", "vmdk: extent \"none\": there is none"),
        (
            "RW 1 WHAT \"a\"",
            "vmdk: the descriptor names an extent of type \"WHAT\", which vitrine does not read"
        ),
    ])
    func refused(_ lines: String, _ text: String) throws {
        let error = #expect(throws: ImageError.self) {
            try open(Array("# Disk DescriptorFile\n\(lines)\n".utf8))
        }
        #expect(error?.description == text)
    }

    @Test func shortFlatExtent() throws {
        let image = try open(Array("# Disk DescriptorFile\nRW 4 FLAT \"a\" 1\n".utf8), ["a": sectors(3, 1)])
        #expect(try image.disk.bytes(at: 0, count: 1024) == sectors(2, 1))
        let error = #expect(throws: ImageError.self) { try image.disk.bytes(at: 1024, count: 1) }
        #expect(
            error?.description
                == "vmdk: extent \"a\": the extent takes 2048 bytes from 512 on, but the end of the file is at 1536"
        )
    }

    /// Images of ESX snapshots.
    @Test func cowd() throws {
        var bytes = sectors(4 + 1 + 32, 0)
        func put(_ value: Int, at offset: Int) {
            for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (index * 8)) }
        }
        bytes.replaceSubrange(0..<4, with: Array("COWD".utf8))
        for (offset, value) in [(4, 1), (8, 3), (12, 100), (16, 1), (20, 4), (24, 1), (4 * 512, 5)] {
            put(value, at: offset)
        }
        put(37, at: 5 * 512 + 3 * 4)
        bytes += sectors(1, 8)
        let text = Array("# Disk DescriptorFile\ncreateType=vmfsSparse\nRW 100 VMFSSPARSE \"d\"\n".utf8)
        let disk = try open(text, ["d": bytes]).disk
        #expect(
            try disk.bytes(at: 0, count: 100 * 512) == sectors(3, 0) + sectors(1, 8) + sectors(96, 0))
    }

    @Test func seSparse() throws {
        var bytes = sectors(16 + 64 + 8 * 2, 0)
        func put(_ value: UInt64, at offset: Int) {
            for index in 0..<8 {
                bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(index * 8))
            }
        }
        for (offset, value) in [
            (0, 0xCAFE_BABE), (8, 0x2_0000_0001), (16, 64), (24, 8), (32, 64), (80, 1), (88, 1), (128, 2),
            (136, 1), (144, 16), (152, 64), (192, 80), (200, 16), (512, 0xCAFE_CAFE),
            (1024, 0x1000_0000_0000_0000),
            (16 * 512, 0x3001_0000_0000_0000), (16 * 512 + 8, 0x1000_0000_0000_0000),
            (16 * 512 + 16, 0x2000_0000_0000_0000),
        ] as [(Int, UInt64)] { put(value, at: offset) }
        bytes.replaceSubrange(88 * 512..<96 * 512, with: sectors(8, 7))
        let text = Array("# Disk DescriptorFile\ncreateType=seSparse\nRW 64 SESPARSE \"d\"\n".utf8)
        let disk = try open(text, ["d": bytes]).disk
        #expect(try disk.bytes(at: 0, count: 64 * 512) == sectors(8, 7) + sectors(56, 0))
        #expect(try disk.depth(in: 4096..<32_768) == Allocation(4096..<12_288, depth: 1))
        let cut = try open(text, ["d": Array(bytes[..<(88 * 512)])]).disk
        let missing = #expect(throws: ImageError.self) { try cut.bytes(at: 0, count: 1) }
        #expect(
            missing?.description
                == "vmdk: extent \"d\": vmdk: the grain at 45056, for disk offset 0, lies past the end of the file at 45056: it "
                + "is cut short")
        put(1, at: 512 + 24)
        let error = #expect(throws: ImageError.self) { try open(text, ["d": bytes]) }
        #expect(
            error?.description
                == "vmdk: extent \"d\": replay_journal at 536 is set: the extent was not closed properly, and its "
                + "journal must be replayed first, which vitrine does not do")
    }
}
