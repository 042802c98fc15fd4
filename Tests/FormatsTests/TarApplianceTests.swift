import TestSupport
import Testing

@testable import VitrineFormats

/// Appliances whose descriptor names their disks (DSP0243 2.1, 7.1).
@Suite struct TarApplianceTests {
    private let first = [UInt8](repeating: 1, count: 2048)
    private let second = [UInt8](repeating: 2, count: 1024)

    private func descriptor(_ files: String, _ disks: String, before: String = "") -> [UInt8] {
        Array(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            \(before)<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" \
            xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
            <References>\(files)</References><DiskSection><Info>Disks</Info>\(disks)</DiskSection></Envelope>
            """.utf8)
    }

    private func open(_ archive: TarFile, _ member: SystemString? = nil) throws(ImageError) -> Image {
        var archive = archive
        archive.end()
        return try Image("a.ova", MemorySource(archive.bytes), OpenOptions(member: member))
    }

    private func bytes(_ image: Image) throws -> [UInt8] {
        try image.disk.bytes(at: 0, count: Int(image.size))
    }

    private let twoDisks = """
        <Disk ovf:diskId="b" ovf:fileRef="f2" ovf:capacity="1" ovf:capacityAllocationUnits="byte * 2^10"/>
        <Disk ovf:diskId="a" ovf:fileRef="f1" ovf:capacity="2048" ovf:format="http://example.org/raw"/>
        <Disk ovf:diskId="empty" ovf:capacity="20"/>
        """

    /// Neither another file that looks like a disk nor the order of the archive matters.
    @Test func disksAreThoseOfTheDescriptor() throws {
        var archive = TarFile()
        archive.add(
            "a.ovf",
            descriptor(
                #"<File ovf:id="f1" ovf:href="one"/><File ovf:id="f2" ovf:href="my%20two"/><File ovf:id="f3" ovf:href="x.img"/>"#,
                twoDisks))
        archive.add("one", first)
        archive.add("x.img", second)
        archive.add("my two", second)
        let error = #expect(throws: ImageError.self) { try open(archive) }
        #expect(
            error?.description
                == #"tar: there are 2 disks: "my two" (1 KiB), "one" (2 KiB)"#
        )
        #expect(error?.remedy == Remedy(.member, "NAME", "chooses one of them"))
        #expect(try bytes(open(archive, "my two")) == second)
        #expect(try bytes(open(archive, "one")) == first)
        #expect(try bytes(open(archive, "x.img")) == second)
    }

    // MARK: What the descriptor says of a disk

    private func described(by attributes: String, _ disk: [UInt8], name: String = "disk.raw") -> TarFile {
        var archive = TarFile()
        archive.add(
            "a.ovf",
            descriptor(
                #"<File ovf:id="f" ovf:href="\#(name)"/>"#, #"<Disk ovf:fileRef="f" \#(attributes)/>"#))
        archive.add(name, disk)
        return archive
    }

    /// A wrong size is warned of, and no more: the disk is what it is.
    @Test(arguments: [
        (#"ovf:capacity="4096""#, 4096),
        (#"ovf:capacity="1" ovf:capacityAllocationUnits="byte * 2^30""#, 1 << 30),
        (#"ovf:capacity="0""#, 0),
    ])
    func capacityThatDiffers(_ attributes: String, _ size: Int) throws {
        for (name, disk) in [("disk.raw", first), ("disk.raw.xz", XZFile.encode(first))] {
            let archive = described(by: attributes, disk, name: name)
            let image = try open(archive)
            let warning = "tar: the OVF descriptor gives the disk \(size) bytes, but it has 2048"
            #expect(image.warnings == [warning])
            #expect(try bytes(image) == first)
            let description = try ImageDescription("a.ova", MemorySource(archive.bytes), OpenOptions())
            #expect(description.warnings == [warning])
        }
    }

    @Test(arguments: [
        "", #"ovf:capacity="2048""#, #"ovf:capacity="2" ovf:capacityAllocationUnits="byte * 2^10""#,
        #"ovf:capacity="${size}""#, #"ovf:capacity="1" ovf:capacityAllocationUnits="furlong""#,
        #"ovf:capacity="18446744073709551615" ovf:capacityAllocationUnits="byte * 2^30""#,
    ])
    func capacityThatFitsOrIsUnknown(_ attributes: String) throws {
        #expect(try open(described(by: attributes, first)).warnings == [])
    }

    /// The capacity is that of the disk, and not of another member.
    @Test func capacityOfAnotherMember() throws {
        var archive = described(by: #"ovf:capacity="4096""#, first)
        archive.add("other.raw", second)
        #expect(try open(archive, "other.raw").warnings == [])
    }

    /// A disk in another format is warned of, and no more.
    @Test(
        arguments: [
            ("http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized", "vmdk"),
            ("http://www.vmware.com/specifications/vmdk.html#sparse", "vmdk"),
            ("http://www.gnome.org/~markmc/qcow-image-format.html", "qcow2"),
            ("http://go.microsoft.com/fwlink/?LinkId=137171", "vhd"),
            ("http://example.org/raw", nil), ("http://example.org/drawing", nil),
            ("http://www.ecma-international.org/publications/standards/Ecma-119.htm", nil),
            ("http://example.org/vmdk-or-vhd", nil),
        ] as [(String, String?)])
    func formatThatDiffers(_ uri: String, _ format: String?) throws {
        let image = try open(described(by: #"ovf:format="\#(uri)""#, first))
        let warning = format.map { "tar: the OVF descriptor gives the disk the format \($0), but it is raw" }
        #expect(image.warnings == [warning].compactMap(\.self))
        #expect(try bytes(image) == first)
    }

    // MARK: Pieces

    private func inPieces(_ numbers: [Int], chunkSize: Int? = 512) -> TarFile {
        var archive = TarFile()
        let size = chunkSize.map { #" ovf:chunkSize="\#($0)""# } ?? ""
        archive.add(
            "vm/a.ovf",
            descriptor(
                #"<File ovf:id="f" ovf:href="disk-0.raw" ovf:size="1300"\#(size)/>"#,
                #"<Disk ovf:diskId="d" ovf:fileRef="f" ovf:capacity="1300"/>"#))
        for number in numbers {
            let digits = String(number)
            archive.add(
                "vm/disk-0.raw." + String(repeating: "0", count: 9 - digits.count) + digits,
                [UInt8](repeating: UInt8(number + 1), count: number == 2 ? 276 : 512))
        }
        return archive
    }

    @Test(arguments: [[0, 1, 2], [2, 0, 1]])
    func diskInPieces(_ numbers: [Int]) throws {
        let image = try open(inPieces(numbers))
        #expect(image.warnings == [])
        #expect(image.stack == "raw in tar")
        let expected = (0..<1300).map { UInt8($0 / 512 + 1) }
        #expect(try bytes(image) == expected)
        #expect(try bytes(open(inPieces(numbers), "vm/disk-0.raw")) == expected)
        #expect(try bytes(open(inPieces(numbers), "vm/disk-0.raw.000000001")) == Array(expected[512..<1024]))
    }

    @Test func pieceThatIsMissing() throws {
        let error = #expect(throws: ImageError.self) { try open(inPieces([0, 2])) }
        #expect(
            error?.description
                == #"tar: piece 1 of "vm/disk-0.raw" is not there, though later ones are"#)
        let wrong = #expect(throws: ImageError.self) { try open(inPieces([0, 1, 2], chunkSize: 1024)) }
        #expect(
            wrong?.description
                == #"tar: piece "vm/disk-0.raw.000000000" has 512 bytes, expected 1024"#)
    }

    /// Without a chunk size, the numbers are those of versions.
    @Test func lastVersionCounts() throws {
        #expect(try bytes(open(inPieces([0, 1], chunkSize: nil))) == [UInt8](repeating: 2, count: 512))
    }

    @Test func diskThatIsNotThere() throws {
        let error = #expect(throws: ImageError.self) { try open(inPieces([])) }
        #expect(
            error?.description
                == #"tar: the OVF descriptor has disk "d" in "disk-0.raw", which is not there"#)
    }

    /// A descriptor that cannot be read leaves the members as they are.
    @Test(arguments: [
        ("<Envelope>", "line 1 is not well-formed XML: no element found"),
        ("", "line 1 is not well-formed XML: no element found"),
        (
            #"<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>"#,
            "there is a document type declaration (<!DOCTYPE): it is not read"
        ),
        (
            #"<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>"#,
            "there is a document type declaration (<!DOCTYPE): it is not read"
        ),
    ])
    func descriptorThatIsNotRead(_ text: String, _ reason: String) throws {
        var archive = TarFile()
        archive.add("a.ovf", Array((text.isEmpty ? " " : text).utf8))
        archive.add("disk.raw", first)
        let image = try open(archive)
        #expect(image.warnings == ["tar: the OVF descriptor \"a.ovf\" is not made use of: \(reason)"])
        #expect(try bytes(image) == first)
    }

    @Test func descriptorThatIsTooLong() throws {
        var archive = TarFile()
        archive.add("a.ovf", [UInt8](repeating: 0x20, count: 1 << 20 | 1))
        archive.add("disk.raw", first)
        #expect(
            try open(archive).warnings == [
                "tar: the OVF descriptor \"a.ovf\" is not made use of: it takes 1048577 bytes, expected 1048576 at most"
            ])
    }

    @Test func attributeThatIsTooLong() throws {
        var archive = TarFile()
        let name = String(repeating: "x", count: 4097)
        archive.add(
            "a.ovf", descriptor(#"<File ovf:id="f" ovf:href="\#(name)"/>"#, #"<Disk ovf:fileRef="f"/>"#))
        archive.add("disk.raw", first)
        #expect(
            try open(archive).warnings == [
                "tar: the OVF descriptor \"a.ovf\" is not made use of: href of a File takes 4097 bytes, more than 4096"
            ])
    }

    /// The pieces of a file that is named for many disks are not searched for each of them.
    @Test(arguments: ["", #" ovf:chunkSize="1""#])
    func piecesOfTooManyDisks(_ chunkSize: String) throws {
        var archive = TarFile()
        archive.add(
            "a.ovf",
            descriptor(
                #"<File ovf:id="f" ovf:href="d"\#(chunkSize)/>"#,
                String(repeating: #"<Disk ovf:fileRef="f"/>"#, count: 4096)))
        for number in 0..<257 {
            let digits = String(number)
            archive.add("d." + String(repeating: "0", count: 9 - digits.count) + digits, [1])
        }
        let error = #expect(throws: ImageError.self) { try open(archive) }
        #expect(error?.description == "tar: the disks of the OVF descriptor have more than 1048576 pieces")
    }

    @Test func listOfDisksIsCut() throws {
        var archive = TarFile()
        archive.add(
            "a.ovf",
            descriptor(
                #"<File ovf:id="f" ovf:href="disk.raw"/>"#,
                String(repeating: #"<Disk ovf:fileRef="f"/>"#, count: 1025)))
        archive.add("disk.raw", first)
        archive.end()
        let description = try ImageDescription("a.ova", MemorySource(archive.bytes), OpenOptions())
        guard
            case .records(let records, let total) = description.layers[0].properties
                .first(where: { $0.key == "ovf-disks" })?.value
        else { preconditionFailure("no disks") }
        #expect(records.count == 1024)
        #expect(total == 1025)
    }

    /// Only two hexadecimal digits are an escape in a URI.
    @Test func percentBeforeNoDigits() throws {
        var archive = TarFile()
        archive.add(
            "a.ovf", descriptor(#"<File ovf:id="f" ovf:href="a%+1"/>"#, #"<Disk ovf:fileRef="f"/>"#))
        archive.add("a\u{1}", first)
        let error = #expect(throws: ImageError.self) { try open(archive) }
        #expect(error?.reason.contains("which is not there") == true)
    }

    /// A descriptor is read or not, whatever is changed in it.
    @Test func everyByteOfADescriptorMayBeWrong() throws {
        let text = descriptor(#"<File ovf:id="f" ovf:href="disk.raw"/>"#, #"<Disk ovf:fileRef="f"/>"#)
        for index in text.indices {
            var archive = TarFile()
            var wrong = text
            wrong[index] ^= 0x15
            archive.add("a.ovf", wrong)
            archive.add("disk.raw", first)
            do {
                let image = try open(archive)
                #expect(try bytes(image) == first)
            } catch let error as ImageError {
                #expect(error.reason.contains("which is not there"))
            }
        }
    }
}
