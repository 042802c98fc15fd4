import TestSupport
import Testing

@testable import VitrineFormats

/// Members with names and headers that programs take for the same, and members that differ.
@Suite struct TarMemberTests {
    private func open(
        _ member: SystemString? = nil, _ make: (inout TarFile) -> Void
    ) throws(ImageError) -> Image {
        var tar = TarFile()
        make(&tar)
        tar.end()
        return try Image("disk.tar", MemorySource(tar.bytes), OpenOptions(member: member))
    }

    private func bytes(_ image: Image) throws -> [UInt8] {
        try image.disk.bytes(at: 0, count: Int(image.size))
    }

    /// The one-character and two-character forms of é are two names, in either order.
    @Test(arguments: [["caf\u{E9}.raw", "cafe\u{301}.raw"], ["cafe\u{301}.raw", "caf\u{E9}.raw"]])
    func namesThatLookTheSame(_ names: [String]) throws {
        for (number, name) in names.enumerated() {
            let image = try open(SystemString(name)) { tar in
                for (number, name) in names.enumerated() { tar.add(name, [UInt8(number), 1]) }
            }
            #expect(try bytes(image) == [UInt8(number), 1])
        }
        let error = #expect(throws: ImageError.self) {
            try open("cafe\u{301}.raw") { $0.add("caf\u{E9}.raw", [1]) }
        }
        #expect(error?.reason.hasPrefix("there is no member") == true)
    }

    /// A member's name may equal the shown form of another's.
    @Test func nameAsItIsShown() throws {
        let make: (inout TarFile) -> Void = { tar in
            tar.add(#"a\u{1B}.raw"#, [1])
            tar.add("a\u{1B}.raw", [2])
        }
        #expect(try bytes(open(#"a\u{1B}.raw"#, make)) == [1])
        #expect(try bytes(open("a\u{1B}.raw", make)) == [2])
        #expect(try bytes(open(#"b\u{1B}.raw"#) { $0.add("b\u{1B}.raw", [3]) }) == [3])
    }

    // MARK: Hard links

    private let content = [UInt8](repeating: 7, count: 700)

    /// As in pax: the file's data follows the header of the link.
    @Test(arguments: [true, false])
    func hardLinkWithData(_ isPax: Bool) throws {
        let make: (inout TarFile) -> Void = { tar in
            tar.add("a.txt", [1])
            if isPax { tar.add(records: "mtime=1.5") }
            tar.add("link.raw", content, type: "1")
            tar.add("b.raw", [9])
        }
        let error = #expect(throws: ImageError.self) { try open(nil, make) }
        #expect(error?.reason.hasSuffix(#""link.raw" (700 bytes), "b.raw" (1 byte)"#) == true)
        #expect(try bytes(open("link.raw", make)) == content)
        #expect(try bytes(open("b.raw", make)) == [9])
    }

    /// As older programs write it: a size, and the next header.
    @Test(arguments: [true, false])
    func hardLinkWithASizeOnly(_ isPax: Bool) throws {
        let image = try open { tar in
            if isPax { tar.add(records: "mtime=1.5") }
            tar.add("a.raw", content)
            tar.add("link.raw", type: "1", size: 700)
            tar.add("b.txt", [9])
        }
        #expect(image.warnings == [])
        #expect(try bytes(image) == content)
        // At the end, where the size leads into nothing.
        let last = try open { tar in
            tar.add("a.raw", content)
            tar.add("link.raw", type: "1", size: 1 << 40)
        }
        #expect(last.warnings == [])
        #expect(try bytes(last) == content)
    }

    // MARK: pax records

    @Test func recordsPaddedWithZeroes() throws {
        let image = try open { tar in
            tar.add("pax", TarFile.record("path=long.raw") + [0, 0, 0], type: "x")
            tar.add("short", [1])
        }
        #expect(try bytes(image) == [1])
        let error = #expect(throws: ImageError.self) {
            try open { tar in
                tar.add("pax", TarFile.record("path=long.raw") + [0, 0, 1], type: "x")
                tar.add("short", [1])
            }
        }
        #expect(error?.reason.hasPrefix("length of the pax record") == true)
    }

    // MARK: Reading no more than it takes

    @Test func otherMembersAreNotReadWhereOneIsNamed() throws {
        var tar = TarFile()
        tar.add("disk", content)
        for number in 0..<50 { tar.add("file\(number)", [UInt8](repeating: 1, count: 4096)) }
        tar.end()
        let source = ObservedSource(tar.bytes)
        var options = FormatOptions()
        options.member = "disk"
        _ = try Format.tar.inspect(
            source, OpenContext(engine: .shared, opener: Registry(), options: options))
        // Headers, and no data.
        #expect(source.bytesRead <= 53 * 512)
    }

    // MARK: References

    /// A name that leads elsewhere is taken for the member beside the image.
    @Test(arguments: [
        "/old/place/base.raw", "../base.raw", "D:\\vm\\base.raw", "sub/base.raw", "file:base.raw",
    ])
    func backingFileBesideTheImage(_ name: String) throws {
        var tar = TarFile()
        tar.add("vm/overlay.referring", [1])
        tar.add("vm/base.raw", content)
        tar.add("base.raw", [3])
        tar.end()
        let archive = try TarArchive(MemorySource(tar.bytes))
        let references = TarReferences(
            archive, archive.members[0], OpenContext(engine: .shared, opener: Registry()))
        let disk = try references.open(Reference(.backingFile, Array(name.utf8), format: "raw"))
        #expect(try disk.bytes(at: 0, count: 700) == content)
        let error = #expect(throws: ImageError.self) {
            try references.open(Reference(.backingFile, Array("/old/overlay.referring".utf8), format: "raw"))
        }
        #expect(error?.code == .refused)
    }
}
