import Foundation
import Glibc
import Testing
import TestSupport

/// The output of `vitrine copy`, and its destination.
@Suite(.needs(.sfdisk, .xz))
struct CopyTests {
    private static let corpus = Result {
        try CorpusFile.all("corpus/manifest.tsv", in: CorpusFile.root.appending(path: "corpus"))
            .filter { $0.verdict == .good }
    }

    /// The bytes that a file takes on the disk.
    private func space(_ file: URL) throws -> Int {
        var status = stat()
        try #require(unsafe stat(file.path, &status) == 0)
        return Int(status.st_blocks) * 512
    }

    @Test func corpusArrivesByteForByte() throws {
        let images = try Self.corpus.get()
        #expect(!images.isEmpty)
        try withTemporaryFolder { folder in
            for image in images {
                let copy = folder.appending(path: image.name)
                let result = try Vitrine.run("copy", "-q", image.path, copy.path)
                #expect(result.status == 0, "\(image): \(result.errors)")
                let sum = try #require(try Self.sha256(copy))
                #expect(sum == image.sha256, "\(image)")
                #expect(try Data(contentsOf: copy).count == Int(image.size), "\(image)")
            }
        }
    }

    private static func sha256(_ file: URL) throws -> String? {
        let result = try Program(["/usr/bin/sha256sum", file.path]).wait()
        return result.output.split(separator: " ").first.map(String.init)
    }

    @Test(arguments: TestDisk.Form.allCases)
    func zeroesBecomeHoles(_ form: TestDisk.Form) throws {
        let disk = try TestDisk.shared()
        try withTemporaryFolder { folder in
            let copy = folder.appending(path: "copy.raw")
            let result = try Vitrine.run("copy", disk.file(form).path, copy.path)
            #expect(result.status == 0)
            #expect(result.output == "")
            let summary = #/vitrine: copied 12 MiB, 3(\.\d)? MiB of it written, in .*: .*/s\n/#
            #expect(result.errors.wholeMatch(of: summary) != nil, "\(result.errors)")
            #expect(try Data(contentsOf: copy) == disk.bytes)
            // 3 MiB of data, 64 KiB of text, and two partition tables.
            #expect(try space(copy) < 4 << 20)
        }
    }

    @Test(arguments: [["-T1"], ["-T2", "--block-size=300KiB"]])
    func diskInOneBlockAndInMany(_ options: [String]) throws {
        try withTemporaryFolder { folder in
            let raw = try folder.file("disk", TestDisk.shared().bytes + Data("an odd end".utf8))
            try #require(Tool.xz.run(options + ["-k", "-1", raw.path]).status == 0)
            let copy = folder.appending(path: "copy")
            let result = try Vitrine.run("copy", raw.path + ".xz", copy.path, "--memory", "16M")
            #expect(result.status == 0, "\(result.errors)")
            #expect(try Data(contentsOf: copy) == Data(contentsOf: raw))
        }
    }

    @Test(arguments: TestDisk.Form.allCases)
    func standardOutputGetsEverythingInOrder(_ form: TestDisk.Form) throws {
        let disk = try TestDisk.shared()
        let result = try Vitrine.run("copy", "-q", disk.file(form).path, "-")
        #expect(result.status == 0)
        #expect(result.errors == "")
        #expect(result.data == disk.bytes)
    }

    @Test(arguments: [(1, TestDisk.first), (2, TestDisk.second)])
    func partitionByItself(_ number: Int, _ range: Range<Int>) throws {
        let disk = try TestDisk.shared()
        let result = try Vitrine.run("copy", "-q", disk.xz.path, "-", "--partition", "\(number)")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.data == disk.bytes[range])
    }

    @Test func partitionThatIsNotThere() throws {
        let disk = try TestDisk.shared()
        try withTemporaryFolder { folder in
            let copy = folder.appending(path: "copy")
            let result = try Vitrine.run("copy", disk.xz.path, copy.path, "--partition", "3")
            #expect(result.status == 1)
            #expect(
                result.errors.hasPrefix("vitrine: \(disk.xz.path): the disk has no partition 3; it has: 1 ("))
            #expect(!copy.exists)
            let plain = CorpusFile.root.appending(path: "corpus/good-raw-odd-size.raw").path
            let none = try Vitrine.run("copy", plain, copy.path, "--partition", "1")
            #expect(none.errors == "vitrine: \(plain): the disk has no partition 1; it has no partitions\n")
        }
    }

    @Test func newFileMayBeReadByWhomTheUserLets() throws {
        try withTemporaryFolder { folder in
            let copy = folder.path + "/copy"
            let result = try Program([
                "/bin/sh", "-c", "umask 027; \"$0\" copy -q \"$1\" \"$2\"", Vitrine.path(),
                TestDisk.shared().xz.path, copy,
            ]).wait()
            #expect(result.status == 0, "\(result.errors)")
            var status = stat()
            try #require(unsafe stat(copy, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o640)
        }
    }
}
