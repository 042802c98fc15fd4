import Testing
import VitrineFormats
import VitrineFiles

/// The headers of members of tar archives. Real tools read them in the tests of the command.
struct TarEntryTests {
    private let plain = FileAttributes(
        kind: .regular, permissions: 0o644, user: 0, group: 0, size: 3, seconds: 1_700_000_000, number: 12)

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func aPlainFileTakesOneBlock() {
        var entry = TarEntry(.regular, Array("./etc/hosts".utf8), plain)
        entry.size = 3
        #expect(entry.headers.count == 512)
        #expect(text(entry.headers).hasPrefix("./etc/hosts\0"))
        #expect(
            text(Array(entry.headers[100..<148])) == "0000644\00000000\00000000\000000000003\014524770400\0")
        #expect(text(Array(entry.headers[257..<265])) == "ustar\u{0}00")
    }

    @Test(arguments: [(100, 1), (101, 3), (255, 3), (256, 3)])
    func aLongNameWithoutASlashHasARecord(_ length: Int, _ blocks: Int) {
        let entry = TarEntry(.regular, [UInt8](repeating: 0x61, count: length), plain)
        #expect(entry.headers.count == blocks * 512)
    }

    @Test func aLongNameIsSplitAtASlash() {
        let name = [UInt8](repeating: 0x61, count: 155) + [0x2F] + [UInt8](repeating: 0x62, count: 100)
        #expect(TarEntry(.regular, name, plain).headers.count == 512)
        #expect(TarEntry(.regular, name + [0x62], plain).headers.count == 3 * 512)
    }

    @Test(arguments: [
        (Int64(-1), UInt32(0), "12 mtime=-1\n"), (-1, 500_000_000, "14 mtime=-0.5\n"),
        (-2, 250_000_000, "15 mtime=-1.75\n"), (5, 1, "21 mtime=5.000000001\n"),
        (5, 120_000_000, "14 mtime=5.12\n"),
    ])
    func timesThatHaveNoRoomHaveARecord(_ seconds: Int64, _ nanoseconds: UInt32, _ record: String) {
        var attributes = plain
        (attributes.seconds, attributes.nanoseconds) = (seconds, nanoseconds)
        let headers = TarEntry(.regular, [0x61], attributes).headers
        #expect(text(Array(headers[512..<1024])).hasPrefix(record))
    }

    @Test func theLengthOfARecordCountsItsOwnDigits() {
        var attributes = plain
        for count in 80...100 {
            var entry = TarEntry(.regular, [0x61], attributes)
            entry.extendedAttributes = [ExtendedAttribute("user.a", [UInt8](repeating: 0x78, count: count))]
            let record = text(Array(entry.headers[512...])).prefix { $0 != "\n" } + "\n"
            #expect(record.split(separator: " ").first.flatMap { Int($0) } == record.utf8.count)
        }
        attributes.user = 3_000_000
        #expect(text(TarEntry(.regular, [0x61], attributes).headers).contains("15 uid=3000000\n"))
    }
}
