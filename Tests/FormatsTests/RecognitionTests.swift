import TestSupport
import Testing

@testable import VitrineFormats

/// Recognises formats by the start and the end of a file.
@Suite struct RecognitionTests {
    /// A file of 64 KiB that starts with `start`, and ends with `end`.
    private static func file(_ start: [UInt8], end: [UInt8] = []) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        bytes.replaceSubrange(..<start.count, with: start)
        bytes.replaceSubrange((bytes.count - end.count)..., with: end)
        return bytes
    }

    private static func file(_ start: String) -> [UInt8] { file(Array(start.utf8)) }

    private static let footer: [UInt8] =
        Array("conectix".utf8) + [0, 0, 0, 2, 0, 1, 0, 0] + [UInt8](repeating: 0xFF, count: 8)
        + [UInt8](repeating: 0, count: 488)

    private static let trailer: [UInt8] =
        Array("koly".utf8) + [0, 0, 0, 4, 0, 0, 2, 0] + [UInt8](repeating: 0, count: 500)

    static let refused: [(String, [UInt8])] = [
        ("qed", file([0x51, 0x45, 0x44, 0x00])),
        ("ewf", file([0x45, 0x56, 0x46, 0x09, 0x0D, 0x0A, 0xFF, 0x00])),
        ("ewf", file([0x45, 0x56, 0x46, 0x32, 0x0D, 0x0A, 0x81, 0x00])),
        ("aff", file([0x41, 0x46, 0x46, 0x31, 0x30, 0x0D, 0x0A, 0x00])),
        ("vma", file([0x56, 0x4D, 0x41, 0x00])),
        ("udif", file([], end: trailer)),
        ("udif", file("encrcdsa")),
        ("udif", file([], end: Array("cdsaencr".utf8))),
        ("android-sparse", file([0x3A, 0xFF, 0x26, 0xED])),
        ("lz4", file([0x04, 0x22, 0x4D, 0x18])),
        ("lz4", file([0x02, 0x21, 0x4C, 0x18])),
        ("lz4", file([0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0])),
        ("zstd", file([0x5F, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4, 0x28, 0xB5, 0x2F, 0xFD])),
        ("lzop", file([0x89, 0x4C, 0x5A, 0x4F, 0x00, 0x0D, 0x0A, 0x1A, 0x0A])),
        ("lrzip", file("LRZI")),
        ("compress", file([0x1F, 0x9D, 0x90])),
        ("partclone", file("partclone-image")),
        ("partimage", file("PaRtImAgE-VoLuMe")),
        ("parallels", file("WithoutFreeSpace")),
        ("parallels", file("WithouFreSpacExt")),
        ("bochs", file("Bochs Virtual HD Image")),
        ("cloop", file("#!/bin/sh\n#V2.0 Format\n")),
        ("wim", file("MSWIM\0\0\0")),
        ("rar", file([0x52, 0x61, 0x72, 0x21, 0x1A, 0x07, 0x01, 0x00])),
        ("vhd", file([], end: footer)),
    ]

    private func open(_ bytes: [UInt8], name: String) throws -> LayerStack {
        try LayerStack(
            name, MemorySource(bytes), OpenOptions(engine: Engine(memory: 16 << 20, threads: 1)),
            RefusedReferences())
    }

    @Test(arguments: refused, ["disk.img", "disk"])
    func containersAreRefusedByTheirContent(_ file: (format: String, bytes: [UInt8]), _ name: String) throws {
        for (place, bytes) in [
            (file.format, file.bytes), ("\(file.format) in xz", XZFile.encode(file.bytes)),
        ] {
            let isAtEnd = file.bytes.prefix(16).allSatisfy { $0 == 0 }
            // The end of what is compressed is not looked at: that would take decoding all of it.
            if isAtEnd, place != file.format { continue }
            let error = #expect(throws: ImageError.self) { try open(bytes, name: name) }
            #expect(error?.code == .unsupported)
            #expect(
                error?.description.hasPrefix("\(place): this format cannot be read yet") == true, "\(place)")
        }
    }

    static let warned: [(String, [UInt8])] = [
        ("a cpio archive", file("070701000000")), ("an ar archive or a Debian package", file("!<arch>\n")),
        ("a program (ELF)", file([0x7F, 0x45, 0x4C, 0x46])),
        ("an RPM package", file([0xED, 0xAB, 0xEE, 0xDB])),
        ("a xar archive", file("xar!")), ("a cabinet file", file("MSCF\0\0\0\0")),
        ("a zlib stream", file([0x78, 0x9C, 0x4B])),
        (
            "a web page: perhaps the answer to a download that failed",
            Array("<!DOCTYPE html>\n<html></html>\n".utf8)
        ),
        (
            "a Git LFS pointer: the file itself is yet to be fetched",
            Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n".utf8)
        ),
        (
            "a list of checksums",
            Array("d41d8cd98f00b204e9800998ecf8427e  disk.img\n".utf8)
        ),
        (
            "the configuration of a virtual machine (.vmx), which names its disks",
            Array(".encoding = \"UTF-8\"\nconfig.version = \"8\"\n".utf8)
        ),
    ]

    @Test(arguments: warned) func whatLooksLikeNoDiskIsServedWithAWarning(_ look: String, _ bytes: [UInt8])
        throws
    {
        let stack = try open(bytes, name: "disk.img")
        #expect(stack.warnings == ["raw: this looks like \(look), not like a disk"])
        let disk = try stack.openDisk()
        let isSame = try disk.bytes(at: 0, count: bytes.count) == bytes
        #expect(isSame)
    }

    /// The user who chooses the format knows what the file is.
    @Test(arguments: warned) func chosenFormatGivesNoWarning(_ look: String, _ bytes: [UInt8]) throws {
        for (bytes, formats, isDetected) in [
            (bytes, ["raw"], false), (XZFile.encode(bytes), ["xz", "raw"], false),
            (XZFile.encode(bytes), ["xz"], true),
        ] {
            let options = OpenOptions(formats: formats, engine: Engine(memory: 16 << 20, threads: 1))
            let stack = try LayerStack("disk", MemorySource(bytes), options, RefusedReferences())
            #expect(
                stack.warnings == (isDetected ? ["raw: this looks like \(look), not like a disk"] : []))
        }
    }

    static let disks: [[UInt8]] = [
        file([]), file([0xEB, 0x63, 0x90], end: [0x55, 0xAA]), file("RRaA"), file([0x33, 0xC0, 0x8E, 0xD0]),
        // A zlib header by chance, in a boot sector.
        { () -> [UInt8] in
            var bytes = file([0x78, 0x9C, 0x4B])
            bytes.replaceSubrange(510..<512, with: [0x55, 0xAA])
            return bytes
        }(),
        // Half of a footer, and one in another place.
        file([], end: Array("conectix".utf8)), file([], end: footer + [0]),
    ]

    @Test(arguments: disks) func disksAreTakenForDisks(_ bytes: [UInt8]) throws {
        let stack = try open(bytes, name: "disk.img")
        #expect(stack.layers.map(\.format) == ["raw"])
        #expect(stack.warnings == [])
    }

    @Test(arguments: [
        "encryptionKeys=\"vmware:key/list/x\"", "keyID=\"x\"", "ddb.iofilters = \"vmwarevmcrypt\"",
    ])
    func encryptedVMDKIsDescribedAndRefused(_ line: String) throws {
        let descriptor = """
            # Disk DescriptorFile
            version=3
            CID=fffffffe
            parentCID=ffffffff
            createType="monolithicFlat"
            \(line)
            RW 96 FLAT "disk-flat.vmdk" 0

            """
        let stack = try open(Array(descriptor.utf8), name: "disk.vmdk")
        #expect(stack.disk.properties.contains { $0.key == "encryption" })
        let error = #expect(throws: ImageError.self) { try stack.openDisk() }
        #expect(error?.code == .unsupported)
        #expect(
            error?.description
                == "vmdk: the disk is encrypted: it can be described, but not read")
    }
}
