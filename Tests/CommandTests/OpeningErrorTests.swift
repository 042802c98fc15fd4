import Foundation
import Glibc
import Testing
import TestSupport

/// Images that cannot be opened. Each gives one line that says what is wrong and where, and status 1.
@Suite(.needs(.sfdisk, .xz))
struct OpeningErrorTests {
    private func expectRefused(
        _ path: String, _ text: String, _ options: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for command in [
            ["info", path], ["serve", path], ["index", path], ["copy", path, "/nonexistent/copy"],
        ] {
            let result = try Program([Vitrine.path()] + command + options).wait()
            #expect(result.status == 1, sourceLocation: sourceLocation)
            #expect(result.output == "", sourceLocation: sourceLocation)
            #expect(result.errors == "vitrine: \(path): \(text)\n", sourceLocation: sourceLocation)
        }
    }

    @Test func missingFile() throws {
        try expectRefused("/nonexistent/disk.raw.xz", "No such file or directory")
    }

    @Test func directory() throws {
        try withTemporaryFolder { try expectRefused($0.path, "is a directory, not a disk image") }
    }

    @Test func emptyFile() throws {
        try withTemporaryFolder { folder in
            try expectRefused(folder.file("empty.raw", "").path, "the file is empty")
        }
    }

    /// Waiting for someone to write to the pipe would be no answer.
    @Test func namedPipe() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/fifo"
            try #require(unsafe mkfifo(path, 0o600) == 0)
            try expectRefused(path, "is neither a file nor a block device")
        }
    }

    @Test func characterDevice() throws {
        try expectRefused("/dev/null", "is neither a file nor a block device")
    }

    @Test(.enabled(if: getuid() != 0, "root may read every file"))
    func unreadableFile() throws {
        try withTemporaryFolder { folder in
            let file = try folder.file("secret", "x")
            try #require(unsafe chmod(file.path, 0) == 0)
            try expectRefused(file.path, "Permission denied")
        }
    }

    // MARK: xz

    /// Expects the good .xz file, changed by `change`, to be refused with `text`.
    private func expectRefused(
        xz change: (inout Data) -> Void, sourceLocation: SourceLocation = #_sourceLocation,
        _ text: (Data) throws -> String
    ) throws {
        try withTemporaryFolder { folder in
            var bytes = try Data(contentsOf: TestDisk.shared().xz)
            change(&bytes)
            let file = try folder.file("disk.raw.xz", bytes)
            try expectRefused(file.path, "xz: " + text(bytes), sourceLocation: sourceLocation)
        }
    }

    private func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String(format: "%02x", $0) }.joined(separator: " ")
    }

    @Test func fileCutShort() throws {
        try expectRefused(xz: { $0.removeLast($0.count - 1_000_000) }) { bytes in
            "stream footer magic at 999998 is \(hex(bytes[999_998...])), expected 59 5a: "
                + "the file is cut short, or something else follows the xz data. The start of the file has 1 whole block and 945.5 KiB of "
                + "another, with 1.9 MiB of the data; --recover serves these"
        }
    }

    @Test func fileCutToAnOddLength() throws {
        try expectRefused(xz: { $0.removeLast($0.count - 1_000_001) }) { _ in
            "the file is 1000001 bytes long, expected a multiple of 4 from 32 up: "
                + "it is cut short, or something else follows the xz data. The start of the file has 1 whole block and 945.5 KiB of "
                + "another, with 1.9 MiB of the data; --recover serves these"
        }
    }

    /// The text about a file with only its end wrong.
    private static let allThere =
        ". The start of the file has 12 whole blocks, with 12 MiB of the data; --recover serves these"

    /// The text about a CRC32 at `offset` in which `change` flipped a bit.
    private func complaint(_ field: String, _ bytes: Data, at offset: Int) throws -> String {
        let found = number(bytes[offset..<offset + 4].reversed())
        let expected = try number(Data(contentsOf: TestDisk.shared().xz)[offset..<offset + 4].reversed())
        return "\(field) at \(offset) is 0x\(String(found, radix: 16)), "
            + "the bytes give 0x\(String(expected, radix: 16))"
    }

    @Test func headerWithAFlippedBit() throws {
        try expectRefused(xz: { $0[8] ^= 1 }) { try complaint("stream header CRC32", $0, at: 8) }
    }

    @Test func footerWithAFlippedBit() throws {
        try expectRefused(xz: { $0[$0.count - 9] ^= 1 }) {
            try complaint("stream footer CRC32", $0, at: $0.count - 12) + Self.allThere
        }
    }

    @Test func indexWithAFlippedBit() throws {
        try expectRefused(xz: { $0[$0.count - 13] ^= 0x80 }) {
            try complaint("index CRC32", $0, at: $0.count - 16) + Self.allThere
        }
    }

    @Test func filterThatIsNotKnown() throws {
        let path = CorpusFile.root.appending(path: "corpus/unsupported-xz-filter-7f.xz").path
        try expectRefused(path, "xz: block 1 at 12: filter 1 of 2 is 0x7f, which vitrine does not know")
    }

    @Test func xzFileCutShortInsideAnother() throws {
        let path = CorpusFile.root.appending(path: "corpus/bad-xz-cut-in-xz.xz.xz").path
        let inner = try Tool.xz.run("-dc", path).data
        try expectRefused(
            path,
            "xz in xz: stream footer magic at \(inner.count - 2) is \(hex(inner.suffix(2))), expected 59 5a: "
                + "the file is cut short, or something else follows the xz data")
    }

    // MARK: Formats that are recognised, and not read

    @Test(arguments: [
        ("unsupported-bzip2.raw.bz2", "bzip2"), ("unsupported-zstd.raw.zst", "zstd"),
        ("unsupported-lzip.raw.lz", "lzip"), ("unsupported-lzma.raw.lzma", "lzma"),
        ("unsupported-zip.zip", "zip"),
    ])
    func formatThatIsNotRead(_ file: String, _ format: String) throws {
        try expectRefused(
            CorpusFile.root.appending(path: "corpus/\(file)").path,
            "\(format): this format cannot be read yet; --format raw takes the file's own bytes as the disk"
        )
    }

    // MARK: --format

    @Test func formatThatDoesNotExist() throws {
        try expectRefused(
            TestDisk.shared().xz.path,
            "there is no format \"vdi\"; known are xz, gzip, tar, qcow2, qcow, vmdk, raw",
            "--format", "vdi")
    }

    @Test func formatAfterTheLast() throws {
        try expectRefused(
            TestDisk.shared().xz.path,
            "\"xz\" is given as the format inside a disk, but vitrine looks for no format there",
            "--format",
            "raw,xz")
    }

    @Test func formatThatTheFileDoesNotHave() throws {
        try withTemporaryFolder { folder in
            let path = try folder.file("disk", Data(repeating: 0, count: 4096)).path
            try expectRefused(
                path, "xz: the first 4096 bytes hold no xz stream; the first stream must start at 0",
                "--format",
                "xz")
        }
    }
}
