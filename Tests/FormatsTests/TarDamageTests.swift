import TestSupport
import Testing

@testable import VitrineFormats

/// Archives that are broken, or do not make clear which member is meant. Each ends in its error.
@Suite struct TarDamageTests {
    private func error(
        _ bytes: [UInt8], member: SystemString? = nil, name: String = "disk.tar"
    ) -> String? {
        failure(bytes, member: member, name: name)?.description
    }

    private func failure(
        _ bytes: [UInt8], member: SystemString? = nil, name: String = "disk.tar"
    ) -> ImageError? {
        #expect(throws: ImageError.self) {
            try Image(name, MemorySource(bytes), OpenOptions(member: member))
        }
    }

    private func tar(_ make: (inout TarFile) -> Void) -> [UInt8] {
        var tar = TarFile()
        make(&tar)
        tar.end()
        return tar.bytes
    }

    /// A member that is sparse by the pax `records`, and holds `data`.
    private func sparse(_ data: String, _ records: String...) -> [UInt8] {
        tar { tar in
            tar.add("pax", records.flatMap(TarFile.record), type: "x")
            tar.add("disk.raw", Array(data.utf8))
        }
    }

    private func version1(_ map: String, size: Int = 4096) -> [UInt8] {
        let padding = String(repeating: "\0", count: 512 - map.utf8.count)
        return sparse(
            map + padding + String(repeating: "x", count: 1024), "GNU.sparse.major=1", "GNU.sparse.minor=0",
            "GNU.sparse.realsize=\(size)")
    }

    // MARK: Which member

    @Test func severalDisks() {
        let bytes = tar { tar in
            tar.add("a.vmdk", [1])
            tar.add("b\u{1B}.img.xz", [1, 2])
            tar.add("c.iso", [1])
        }
        let error = failure(bytes)
        #expect(
            error?.description
                == "tar: there are 2 disks: \"a.vmdk\" (1 byte), "
                + "\"b\\u{1B}.img.xz\" (2 bytes)")
        #expect(error?.remedy == Remedy(.member, "NAME", "chooses one of them"))
    }

    @Test func manyDisks() {
        let bytes = tar { tar in for number in 10..<35 { tar.add("\(number).raw", [1]) } }
        let list = (10..<30).map { "\"\($0).raw\" (1 byte)" }.joined(separator: ", ")
        #expect(
            error(bytes)
                == "tar: there are 25 disks: \(list) and 5 more")
    }

    @Test func noDisk() {
        let bytes = tar { tar in
            tar.add("a.txt", [1])
            tar.add("dir.raw/")
            tar.add("._disk.raw", [1])
            tar.add("empty.raw")
        }
        let error = failure(bytes)
        #expect(
            error?.description
                == "tar: no member is a disk by its name or its content; there are "
                + "\"a.txt\" (1 byte), \"dir.raw/\" (directory), \"._disk.raw\" (1 byte), \"empty.raw\" (0 bytes)"
        )
        #expect(error?.remedy == Remedy(.member, "NAME", "takes any of them for one"))
    }

    @Test func otherMembers() {
        let bytes = tar { tar in
            tar.add("disk.raw", [1])
            tar.add("link", type: "2")
            tar.add("empty")
            tar.add("gap", [1], type: "Y")
        }
        #expect(
            error(bytes, member: "x\n")
                == "tar: there is no member \"x\\u{A}\"; there are \"disk.raw\" (1 byte), \"link\" (symbolic link), "
                + "\"empty\" (0 bytes)")
        #expect(error(bytes, member: "link") == "tar: member \"link\" is a symbolic link, not a file")
        #expect(error(bytes, member: "empty") == "tar: member \"empty\" is empty")
        #expect(error(bytes, member: "gap")?.hasPrefix("tar: there is no member") == true)
    }

    @Test func memberOfNoArchive() {
        #expect(
            error([1, 2, 3], member: "x", name: "disk")
                == "raw: there is no archive here, so no member \"x\" to open either")
    }

    /// A disk that is not of the format in its name is damaged, not a raw disk.
    @Test func memberThatIsNotWhatItIsCalled() {
        #expect(error(tar { $0.add("disk.qcow2", [1, 2, 3, 4]) })?.hasPrefix("qcow2 in tar: ") == true)
    }

    // MARK: Headers

    @Test func noArchive() {
        #expect(
            error([UInt8](repeating: 1, count: 600))
                == "tar: header checksum at 148 is no octal number, the bytes give 760: the archive is damaged, "
                + "or no tar archive")
        #expect(
            error([UInt8](repeating: 1, count: 100))
                == "tar: header at 0 takes 512 bytes, but the end is at 100")
        #expect(error([UInt8](repeating: 0, count: 1024)) == "tar: the archive is empty")
    }

    @Test func checksum() {
        var bytes = tar { tar in
            tar.add("a.txt", [1])
            tar.add("disk.raw", [1])
        }
        bytes[1024] ^= 1
        let stored = TarFile.header("disk.raw", size: 1).reduce(0) { $0 + Int($1) }
        let found = error(bytes)
        #expect(found?.hasPrefix("tar: header checksum at 1172 is ") == true, "\(stored)")
        #expect(found?.hasSuffix("the archive is damaged, or no tar archive") == true)
    }

    /// A file without a magic, or with a wrong checksum, is a raw disk unless it is called .tar.
    @Test func recognition() throws {
        let good = tar { $0.add("disk.raw", [1]) }
        #expect(try Image("disk", MemorySource(good), OpenOptions()).stack == "raw in tar")
        var bad = good
        bad[0] ^= 1
        #expect(try Image("disk", MemorySource(bad), OpenOptions()).stack == "raw")
        let old = tar {
            $0.add("disk.raw", [1]) { header in TarFile.put("\0\0\0\0\0\0\0\0", at: 257, in: &header) }
        }
        #expect(try Image("disk", MemorySource(old), OpenOptions()).stack == "raw")
        #expect(try Image("disk.tar", MemorySource(old), OpenOptions()).stack == "raw in tar")
    }

    /// A damaged archive is not a raw disk.
    @Test func recognitionOfADamagedOne() {
        let bytes = tar { $0.add("disk.raw", [1]) { TarFile.put("x", at: 124, in: &$0) } }
        #expect(error(bytes, name: "disk")?.hasPrefix("tar: size at 124 is 78 30") == true)
    }

    /// The checksum is the sum of signed bytes, as some old programs wrote it.
    @Test func signedChecksum() throws {
        var bytes = tar { $0.add("dïsk.raw", [1]) }
        let sum =
            bytes[..<148].reduce(256) { $0 + Int(Int8(bitPattern: $1)) }
            + bytes[156..<512].reduce(0) { $0 + Int(Int8(bitPattern: $1)) }
        TarFile.put("0" + String(sum, radix: 8), at: 148, in: &bytes)
        bytes[148 + 1 + String(sum, radix: 8).count] = 0
        #expect(try Image("disk", MemorySource(bytes), OpenOptions()).stack == "raw in tar")
    }

    @Test(arguments: [
        ("0000000000x\0", "30 30 30 30 30 30 30 30 30 30 78 00"),
        ("-1\0", "2d 31 00 30 30 30 30 30 30 30 31 00"),
    ])
    func sizeThatIsNoNumber(_ text: String, _ hex: String) {
        let bytes = tar { $0.add("disk.raw", [1]) { TarFile.put(text, at: 124, in: &$0) } }
        #expect(error(bytes) == "tar: size at 124 is \(hex), expected a number below 2^63")
    }

    @Test(arguments: [
        [UInt8](repeating: 0xFF, count: 12), [0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], [0x80, 0, 0, 0, 0x80],
    ])
    func sizeFrom2To63On(_ field: [UInt8]) {
        let bytes = tar { tar in
            tar.add("disk.raw", [1]) { header in
                for (index, byte) in (field + [UInt8](repeating: 0, count: 12 - field.count)).enumerated() {
                    header[124 + index] = byte
                }
            }
        }
        #expect(error(bytes)?.hasSuffix(", expected a number below 2^63") == true)
    }

    /// The part that is there is served, with a warning.
    @Test func cutShort() throws {
        var tar = TarFile()
        tar.add("disk.raw", [1, 2, 3])
        tar.add("b.txt", [1], size: UInt64(Int64.max))
        let image = try Image("disk.tar", MemorySource(tar.bytes), OpenOptions())
        #expect(image.size == 3)
        #expect(
            image.warnings == [
                "tar: the archive is cut short: data at 1536 takes 9223372036854775807 bytes, but the end is at 2048"
            ])
        #expect(
            error(tar.bytes, member: "b.txt")
                == "tar: member \"b.txt\" at 1536 takes 9223372036854775807 bytes, but the end is at 2048: "
                + "the archive is cut short, and holds only the first 512 bytes of the member's data")
    }

    @Test func endsAfterAPaxHeader() throws {
        var tar = TarFile()
        tar.add("disk.raw", [1])
        tar.add(records: "path=x")
        let image = try Image("disk.tar", MemorySource(tar.bytes), OpenOptions())
        #expect(image.warnings == ["tar: the archive ends at 2048, where a header of a member is expected"])
    }

    @Test func tooManyHeaders() {
        let header = TarFile.header("x", size: 0)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512 * 65_537)
        for _ in 0...65_536 { bytes += header }
        #expect(error(bytes) == "tar: the archive has more than 65536 headers")
    }

    // MARK: Long names and pax records

    @Test func names() {
        let long = String(repeating: "n", count: 4097)
        #expect(
            error(tar { $0.add("x", Array(long.utf8) + [0], type: "L") })
                == "tar: long name at 512 take 4098 bytes, more than 4097")
        let bytes = tar { tar in
            tar.add(records: "path=" + long)
            tar.add("x", [1])
        }
        #expect(error(bytes) == "tar: the name of the member at 5120 has 4097 bytes, more than 4096")
    }

    @Test(
        arguments: [
            ("x", "length of the pax record at 512 is \"x\", expected 1...1 and a blank"),
            ("99 path=x\n", "length of the pax record at 512 is \"99\", expected 1...10 and a blank"),
            ("2 path=x\n", "length of the pax record at 512 is \"2\", expected 1...9 and a blank"),
            (
                "99999999999999999999 a=b\n",
                "length of the pax record at 512 is \"999999999999\", expected 1...25 and a blank"
            ),
            ("9 path=x ", "the pax record at 512, 9 bytes, is not KEY=VALUE and a line feed"),
            ("9 path x\n", "the pax record at 512, 9 bytes, is not KEY=VALUE and a line feed"),
            ("9 size=x\n", "pax size at 512 is \"x\", expected a number below 2^63"),
            ("28 size=9223372036854775808\n", nil),
        ] as [(String, String?)])
    func records(_ records: String, _ text: String?) {
        let found = error(tar { $0.add("pax", Array(records.utf8), type: "x") })
        #expect(
            found == "tar: "
                + (text ?? "pax size at 512 is \"9223372036854775808\", expected a number below 2^63"))
    }

    @Test func tooManyRecords() {
        var tar = TarFile()
        tar.add("pax", type: "x", size: 1 << 40)
        #expect(error(tar.bytes) == "tar: pax records at 512 take 1099511627776 bytes, more than 33554432")
    }

    // MARK: Sparse maps

    @Test(arguments: [
        (
            "2\n0\n512\n256\n512\n",
            "entry 2 of the sparse map of \"disk.raw\" is 512 bytes at 256, expected from 512 on and inside 4096 bytes"
        ),
        (
            "1\n4096\n512\n",
            "entry 1 of the sparse map of \"disk.raw\" is 512 bytes at 4096, expected from 0 on and inside 4096 bytes"
        ),
        (
            "1\n512\n9223372036854775807\n",
            "entry 1 of the sparse map of \"disk.raw\" is 9223372036854775807 bytes at 512, expected from 0 on and inside 4096 bytes"
        ),
        ("1\n0\n512\n", "the sparse map of \"disk.raw\" is of 512 bytes, but 1024 are stored at 2048"),
        (
            "2\n0\n500\n1024\n524\n",
            "entry 1 of the sparse map of \"disk.raw\" is no whole number of blocks, and is not the last"
        ),
        ("x\n", "number of entries of the sparse map at 1536 is \"x\", expected a number below 2^63"),
        ("1\n\n", "sparse offset at 1538 is \"\", expected a number below 2^63"),
        ("9999999\n", "the sparse map at 1536 has 9999999 entries, more than 1048576"),
    ])
    func version1(_ map: String, _ text: String) {
        #expect(error(version1(map)) == "tar: " + text)
    }

    @Test func otherForms() {
        #expect(
            error(sparse("x", "GNU.sparse.major=2", "GNU.sparse.minor=1", "GNU.sparse.realsize=9"))
                == "tar: member \"disk.raw\" is sparse in a form that is not read: GNU 2.1")
        #expect(
            error(sparse("x", "SCHILY.realsize=9"))
                == "tar: member \"disk.raw\" is sparse in a form that is not read: star's")
        #expect(
            error(sparse("x", "GNU.sparse.size=9"))
                == "tar: member \"disk.raw\" is sparse in a form that is not read: GNU without a map")
        #expect(
            error(tar { $0.add("disk.raw", [1], type: "S") })
                == "tar: member \"disk.raw\" is sparse in a form that is not read: type S without GNU's header"
        )
    }

    @Test func version0() {
        #expect(
            error(sparse("x", "GNU.sparse.size=9", "GNU.sparse.map=0,1,2"))
                == "tar: the sparse map in the pax records at 512 ends with half an entry")
        #expect(
            error(sparse("x", "GNU.sparse.size=9", "GNU.sparse.map=0,,2"))
                == "tar: GNU.sparse.map at 533 is \"\", expected a number below 2^63")
        #expect(
            error(sparse("x", "GNU.sparse.size=9", "GNU.sparse.offset=0", "GNU.sparse.offset=1"))
                == "tar: the pax record at 556 is not GNU.sparse.offset and .numbytes in turn")
        #expect(
            error(sparse("x", "GNU.sparse.size=9", "GNU.sparse.map=0,10"))
                == "tar: entry 1 of the sparse map of \"disk.raw\" is 10 bytes at 0, expected from 0 on and inside 9 bytes"
        )
    }

    @Test func headersOfASparseMember() {
        var tar = TarFile()
        tar.add("disk.raw", type: "S") { header in
            TarFile.put("ustar  \0", at: 257, in: &header)
            header[482] = 1
            TarFile.put("00000001000", at: 483, in: &header)
            TarFile.put("00000000000", at: 386, in: &header)
            TarFile.put("00000001001", at: 398, in: &header)
        }
        #expect(error(tar.bytes) == "tar: sparse header at 512 takes 512 bytes, but the end is at 512")
        tar.end()
        #expect(
            error(tar.bytes)
                == "tar: entry 1 of the sparse map of \"disk.raw\" is 513 bytes at 0, expected from 0 on and inside 512 bytes"
        )
    }
}
