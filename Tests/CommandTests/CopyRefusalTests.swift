import Foundation
import Glibc
import Testing
import TestSupport
import VitrineFormats

@testable import vitrine

/// `vitrine copy` if it must not write, or cannot go on: it gives an error, and leaves no file that could be taken for
/// a copy.
@Suite(.needs(.sfdisk, .xz))
struct CopyRefusalTests {
    private func corpus(_ name: String) -> String { CorpusFile.root.appending(path: "corpus/\(name)").path }

    /// A disk of many gigabytes of zeroes, which takes no space and long to decode.
    private func endlessDisk(in folder: URL) throws -> String {
        let zeroes = folder.path + "/zeroes"
        try #require(unsafe truncate(folder.file("zeroes", "").path, 16 << 20) == 0)
        let stream = try Tool.xz.run("-0", "-c", zeroes).data
        var image = Data()
        for _ in 0..<4096 { image += stream }
        return try folder.file("endless.raw.xz", image).path
    }

    @Test func existingFileIsOverwrittenOnlyWithForce() throws {
        let disk = try TestDisk.shared()
        try withTemporaryFolder { folder in
            // Longer than the disk, and without a zero.
            let file = try folder.file("copy", Data(repeating: 0xFF, count: TestDisk.size + 4096))
            let refused = try Vitrine.run("copy", disk.xz.path, file.path)
            #expect(refused.status == 1)
            #expect(refused.errors == "vitrine: \(file.path) exists already; --force overwrites it\n")
            #expect(try Data(contentsOf: file).allSatisfy { $0 == 0xFF })
            #expect(try Vitrine.run("copy", "--force", disk.xz.path, file.path).status == 0)
            #expect(try Data(contentsOf: file) == disk.bytes)
        }
    }

    @Test(arguments: [[], ["--force"]])
    func imageItselfIsNeverOverwritten(_ options: [String]) throws {
        try withTemporaryFolder { folder in
            let image = try folder.file("disk.raw", TestDisk.shared().bytes)
            let link = folder.path + "/link"
            try #require(unsafe symlink(image.path, link) == 0)
            for output in [image.path, link] {
                let result = try Program([Vitrine.path(), "copy", image.path, output] + options).wait()
                #expect(result.status == 1)
                #expect(result.errors == "vitrine: \(output) is the image itself\n")
            }
            #expect(try Data(contentsOf: image) == TestDisk.shared().bytes)
        }
    }

    @Test(arguments: [[], ["--force"]])
    func placesThatAreNoFiles(_ options: [String]) throws {
        let image = try TestDisk.shared().xz.path
        try withTemporaryFolder { folder in
            let link = folder.path + "/link"
            try #require(unsafe symlink("/nonexistent/file", link) == 0)
            let fifo = folder.path + "/fifo"
            try #require(unsafe mkfifo(fifo, 0o600) == 0)
            let noFile = "is neither a file nor a block device; to write to standard output, give - instead"
            for (output, text) in [
                (folder.path, "\(folder.path) is a directory: give the name of a file"),
                (fifo, "\(fifo) \(noFile)"), ("/dev/null", "/dev/null \(noFile)"),
                (link, "\(link) is a symbolic link whose target does not exist"),
                ("/nonexistent/copy", "/nonexistent/copy: No such file or directory"),
            ] {
                let result = try Program([Vitrine.path(), "copy", image, output] + options).wait()
                #expect(result.status == 1)
                #expect(result.errors == "vitrine: \(text)\n")
            }
        }
    }

    @Test(arguments: [
        "bad-xz-middle-block-data.xz", "bad-xz-check-sha256.xz", "bad-xz-last-block-data.xz",
        "bad-xz-middle-block-zeroes.xz", "bad-xz-middle-block-in-xz.xz.xz",
    ])
    func damageIsNamedAndLeavesNoFile(_ name: String) throws {
        try withTemporaryFolder { folder in
            let copy = folder.appending(path: "copy")
            let result = try Vitrine.run("copy", corpus(name), copy.path)
            #expect(result.status == 1)
            #expect(result.errors.hasPrefix("vitrine: \(corpus(name)): bytes 0 to "), "\(result.errors)")
            #expect(result.errors.contains(" cannot be read: xz: block "), "\(result.errors)")
            #expect(!copy.exists)
        }
    }

    @Test func damageLeavesAFileThatWasThere() throws {
        try withTemporaryFolder { folder in
            let copy = try folder.file("copy", "x")
            let result = try Vitrine.run("copy", "-f", corpus("bad-xz-middle-block-data.xz"), copy.path)
            #expect(result.status == 1)
            #expect(copy.exists)
        }
    }

    @Test func diskTooLargeForAFile() throws {
        try withTemporaryFolder { folder in
            let copy = folder.appending(path: "copy")
            let result = try Vitrine.run("copy", corpus("bad-xz-index-uncompressed-2-62.xz"), copy.path)
            #expect(result.status == 1)
            #expect(
                result.errors
                    == "vitrine: \(copy.path): its size cannot be set to 4 EiB: File too large\n")
            #expect(!copy.exists)
        }
    }

    @Test func standardOutputThatIsFull() throws {
        let full = try FileHandle(forWritingTo: URL(filePath: "/dev/full"))
        let program = try Program([Vitrine.path(), "copy", TestDisk.shared().xz.path, "-"], output: full)
        let result = try program.wait()
        #expect(result.status == 1)
        #expect(
            result.errors
                == "vitrine: standard output: write of 1048576 bytes: No space left on device\n")
    }

    @Test func readerThatGoesAway() throws {
        let pipe = Pipe()
        let program = try Program(
            [Vitrine.path(), "copy", TestDisk.shared().xz.path, "-"], output: pipe.fileHandleForWriting)
        try pipe.fileHandleForReading.close()
        let result = try program.wait()
        #expect(result.status == 1)
        #expect(result.errors.hasPrefix("vitrine: standard output: write of "), "\(result.errors)")
        #expect(result.errors.hasSuffix(": Broken pipe\n"), "\(result.errors)")
    }

    @Test func terminalIsNoPlaceForADisk() throws {
        var (master, slave): (Int32, Int32) = (-1, -1)
        try #require(unsafe openpty(&master, &slave, nil, nil, nil) == 0)
        defer { close(master) }
        let terminal = FileHandle(fileDescriptor: slave, closeOnDealloc: true)
        let result = try Program(
            [Vitrine.path(), "copy", TestDisk.shared().xz.path, "-"], output: terminal
        ).wait()
        #expect(result.status == 1)
        #expect(result.errors.hasPrefix("vitrine: standard output is a terminal: "), "\(result.errors)")
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func interruptedCopyLeavesNoFile(_ signal: Int32) throws {
        try withTemporaryFolder { folder in
            let copy = folder.appending(path: "copy")
            let program = try Program([
                Vitrine.path(), "copy", endlessDisk(in: folder), copy.path,
            ])
            try until("the copy is under way") { copy.exists ? () : nil }
            program.send(signal)
            let result = try program.wait()
            #expect(result.status == 128 + signal)
            #expect(result.errors == "vitrine: interrupted\n")
            #expect(!copy.exists)
        }
    }

    @Test func interruptedCopyToAReaderThatDoesNotRead() throws {
        let pipe = Pipe()
        let program = try Program(
            [Vitrine.path(), "copy", TestDisk.shared().raw.path, "-"], output: pipe.fileHandleForWriting)
        #expect(try pipe.fileHandleForReading.read(upToCount: 1)?.count == 1)
        program.send(SIGINT)
        let result = try program.wait()
        #expect(result.status == 130)
        #expect(result.errors == "vitrine: interrupted\n")
    }
}
