import Foundation
import Glibc
import Testing
import TestSupport

/// `vitrine ls`, `cat`, `cp` and `tar`, on real file systems.
@Suite(.needs(.mkfsExt4, .debugfs, .tar))
struct FilesCommandTests {
    @Test func catWritesTheBytesOfFiles() throws {
        try ExtImage.with { image, _ in
            let result = try image.run("cat", "/etc/os-release", "text")
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output == ExtImage.release + "some text\n")
            #expect(
                try image.run("cat", "/big").data == Data(contentsOf: image.folder.appending(path: "big")))
            #expect(
                try image.run("cat", "/sparse").data
                    == Data(contentsOf: image.folder.appending(path: "sparse")))
        }
    }

    @Test func linksStayInside() throws {
        try ExtImage.with { image, _ in
            for path in [
                "link", "/outside", "../../link", "/absolute/../os-release",
                "etc/../absolute/./../os-release",
            ] {
                let result = try image.run("cat", path)
                #expect(result.output == ExtImage.release, "\(path): \(result.errors)")
            }
            #expect(try image.run("cat", "absolute/file").output == "deep")
            for (path, reason) in [
                ("loop", "Too many levels of symbolic links"), ("nowhere", "No such file or directory"),
                ("text/file", "Not a directory"), ("text/", "Not a directory"),
                ("nothing", "No such file or directory"),
                ("etc", "is a directory, and no file with a content"),
                (String(repeating: "n", count: 256), "File name too long"),
            ] {
                let result = try image.run("cat", path)
                #expect(result.status == 1)
                #expect(result.errors == "vitrine: \(path): \(reason)\n")
                #expect(result.output == "")
            }
        }
    }

    @Test func otherFilesAreWrittenIfOneIsMissing() throws {
        try ExtImage.with { image, _ in
            let result = try image.run("cat", "nothing", "text")
            #expect(result.status == 1)
            #expect(result.output == "some text\n")
        }
    }

    @Test func lsShowsWhatIsThere() throws {
        try ExtImage.with { image, _ in
            #expect(try image.run("ls", "/etc").output == "deep\nhard\nos-release\n")
            let long = try image.run("ls", "-l", "/")
            #expect(long.status == 0, "\(long.errors)")
            let lines = long.output.split(separator: "\n")
            func line(_ name: String) -> String {
                let found = lines.first { $0.hasSuffix(" " + name) } ?? ""
                return found.split(separator: " ").joined(separator: " ")
            }
            #expect(line("text") == "-rwsr-xr-x 1 3000000 42 10 2020-09-13 12:26 text")
            #expect(line("console").hasPrefix("c"))
            #expect(line("console").contains(" 5, 1 "))
            #expect(line("disk").contains(" 8, 1 "))
            #expect(line("pipe").hasPrefix("p"))
            #expect(line("link -> etc/os-release").hasPrefix("lrwxrwxrwx 1 "))
            #expect(line("big").split(separator: " ")[1] == "2")
            #expect(line("etc").hasPrefix("drwx"))
            let json = try image.run("ls", "--json", "text").output
            #expect(json.contains("\"user\" : 3000000"))
            #expect(json.contains("\"mode\" : \"4755\""))
        }
    }

    @Test func namesThatAreNotUTF8() throws {
        try withTemporaryFolder { folder in
            let image = try ExtImage(in: folder)
            try #require(Self.make([0x66, 0xE4], in: image.folder))
            try #require(
                Tool.mkfsExt4.run("-q", "-F", "-d", image.folder.path, image.file.path, "8M").status == 0)
            let list = try image.run("ls", "/")
            #expect(list.data.range(of: Data([0x0A, 0x66, 0xE4, 0x0A])) != nil)
            #expect(try image.run("ls", "--json", "/").output.contains(#""f\\xE4""#))
            let archive = folder.appending(path: "archive.tar").path
            #expect(try image.run("tar", archive).status == 0)
            let names = try Tool.tar.run("tf", archive, "--quoting-style=literal")
            #expect(names.data.range(of: Data([0x2F, 0x66, 0xE4, 0x0A])) != nil)
        }
    }

    /// Makes an empty file with any bytes as its name.
    private static func make(_ name: [UInt8], in folder: URL) -> Bool {
        let path = (Array((folder.path + "/").utf8) + name + [0]).map { CChar(bitPattern: $0) }
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT, 0o644)
        return descriptor >= 0 && close(descriptor) == 0
    }

    @Test(arguments: [
        [], ["-b", "1024"], ["-O", "inline_data", "-I", "512"], ["-O", "^extent,^64bit"], ["-t", "ext2"],
    ])
    func tarHoldsEverything(_ options: [String]) throws {
        try withTemporaryFolder { folder in
            let image = try ExtImage(in: folder, options)
            let archive = folder.appending(path: "archive.tar")
            let result = try image.run("tar", archive.path)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.errors == "")
            let list = try Tool.tar.run("tvf", archive.path, "--numeric-owner", "--full-time", "--xattrs")
            #expect(list.status == 0, "\(list.errors)")
            let lines = list.output.split(separator: "\n").map {
                $0.split(separator: " ").joined(separator: " ")
            }
            #expect(
                lines.contains {
                    $0.hasPrefix("-rwsr-xr-x* 3000000/42 10 2020-09-13 ") && $0.hasSuffix(" ./text")
                })
            #expect(
                lines.contains { $0.hasPrefix("c") && $0.contains(" 5,1 ") && $0.hasSuffix(" ./console") })
            #expect(lines.contains { $0.hasPrefix("b") && $0.contains(" 8,1 ") && $0.hasSuffix(" ./disk") })
            #expect(lines.contains { $0.hasPrefix("p") && $0.hasSuffix(" ./pipe") })
            // Owners and devices are for root; the rest is compared.
            let copy = folder.appending(path: "copy")
            try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: false)
            let extracted = try Tool.tar.run(
                "xf", archive.path, "-C", copy.path, "--no-same-owner", "--exclude=./console",
                "--exclude=./disk", "--exclude=./pipe", "--exclude=./lost+found")
            #expect(extracted.status == 0, "\(extracted.errors)")
            let difference = try Tool.diff.run(
                "-r", "--no-dereference", image.folder.path, copy.path)
            #expect(difference.output == "" && difference.status == 0, "\(difference.output)")
            // Holes are left out.
            let size = try #require(archive.resourceValues(forKeys: [.fileSizeKey]).fileSize)
            #expect(size < 1 << 20)
            var (first, second) = (stat(), stat())
            try #require(unsafe stat(copy.path + "/big", &first) == 0)
            try #require(unsafe stat(copy.path + "/etc/hard", &second) == 0)
            #expect(first.st_ino == second.st_ino)
        }
    }

    @Test func tarOfAPathHasItsName() throws {
        try ExtImage.with { image, folder in
            let archive = folder.appending(path: "archive.tar").path
            #expect(try image.run("tar", archive, "/etc/deep", "link").status == 0)
            #expect(try Tool.tar.run("tf", archive).output == "etc/deep/\netc/deep/file\nlink\n")
            let again = try image.run("tar", archive)
            #expect(again.status == 1)
            #expect(again.errors.contains("exists already; --force overwrites it"))
            #expect(try image.run("tar", image.file.path, "--force").errors.contains("is the image itself"))
        }
    }

    @Test func cpKeepsPermissionsAndTimes() throws {
        try ExtImage.with { image, folder in
            let copy = folder.appending(path: "copy").path
            let result = try image.run("cp", "/text", copy)
            #expect(result.status == 0, "\(result.errors)")
            var status = stat()
            try #require(unsafe stat(copy, &status) == 0)
            // Without setuid.
            #expect(status.st_mode & 0o7777 == 0o755)
            #expect(status.st_mtim.tv_sec == 1_600_000_000)
            let again = try image.run("cp", "/etc/os-release", copy)
            #expect(again.status == 1)
            #expect(again.errors == "vitrine: \(copy): exists already; --force replaces it\n")
            #expect(try String(contentsOfFile: copy, encoding: .utf8) == "some text\n")
            #expect(try image.run("cp", "--force", "/etc/os-release", copy).status == 0)
            #expect(try String(contentsOfFile: copy, encoding: .utf8) == ExtImage.release)
        }
    }

    @Test func cpCopiesDirectories() throws {
        try ExtImage.with { image, folder in
            let copy = folder.appending(path: "copy")
            let flat = try image.run("cp", "/", copy.path)
            #expect(flat.status == 1)
            #expect(flat.errors.contains("is a directory; -r copies it"))
            let result = try image.run("cp", "-r", "/", copy.path)
            // The devices and the pipe are left out, and that is said.
            #expect(result.status == 1)
            #expect(result.errors.split(separator: "\n").count == 3)
            try FileManager.default.removeItem(at: copy.appending(path: "lost+found"))
            let difference = try Tool.diff.run("-r", "--no-dereference", image.folder.path, copy.path)
            #expect(difference.output == "" && difference.status == 0, "\(difference.output)")
            var status = stat()
            try #require(unsafe stat(copy.appending(path: "etc").path, &status) == 0)
            #expect(status.st_mtim.tv_sec == 1_500_000_000)
            // Into a directory.
            #expect(try image.run("cp", "text", "big", copy.path + "/etc").status == 0)
            #expect(copy.appending(path: "etc/text").exists && copy.appending(path: "etc/big").exists)
        }
    }

    @Test func cpWritesThroughNoLink() throws {
        try ExtImage.with { image, folder in
            let outside = try folder.file("outside", "mine")
            let copy = folder.appending(path: "copy")
            try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: false)
            for (name, target) in [("text", outside.path), ("etc", folder.path)] {
                let path = copy.appending(path: name).path
                try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
            }
            #expect(try image.run("cp", "text", copy.path).status == 1)
            #expect(try image.run("cp", "-r", "etc", copy.path).status == 1)
            #expect(!folder.appending(path: "os-release").exists)
            // The link is replaced, and not what it leads to.
            #expect(try image.run("cp", "-f", "text", copy.path).status == 0)
            #expect(try String(contentsOf: outside, encoding: .utf8) == "mine")
        }
    }

    @Test(.needs(.sfdisk)) func aPartitionIsNamedBehindAColon() throws {
        try ExtImage.with { image, folder in
            let disk = folder.appending(path: "disk.img")
            let size = try Data(contentsOf: image.file).count
            try (Data(count: 2 << 20) + Data(contentsOf: image.file) + Data(count: 1 << 20)).write(to: disk)
            let sectors = size / 512
            let script = "label: dos\nstart=2048, size=2048\nstart=4096, size=\(sectors)\n"
            let input = try folder.file("sfdisk", script)
            let sfdisk = try #require(Tool.sfdisk.path)
            let made = try Program(
                [sfdisk, "-q", disk.path], input: FileHandle(forReadingFrom: input)
            ).wait()
            try #require(made.status == 0, "\(made.errors)")
            for arguments in [[disk.path], [disk.path + ":2"], [disk.path, "--partition", "2"]] {
                let result = try Program(
                    [Vitrine.path(), "cat"] + arguments + ["/link"]
                ).wait()
                #expect(result.output == ExtImage.release, "\(arguments): \(result.errors)")
            }
            let empty = try Vitrine.run("cat", disk.path + ":1", "/link")
            #expect(empty.errors.contains("partition 1 holds no file system that is known"))
            let both = try Vitrine.run("ls", disk.path + ":1", "--partition", "2")
            #expect(both.errors.contains("this and --partition name a partition: leave one out"))
            // A file with that name comes first.
            try FileManager.default.copyItem(at: disk, to: folder.appending(path: "disk.img:1"))
            #expect(try Vitrine.run("cat", disk.path + ":1", "/link").output == ExtImage.release)
        }
    }

    @Test func aJournalToReplayIsWarnedOf() throws {
        try ExtImage.with { image, _ in
            try image.change("feature +needs_recovery")
            let result = try image.run("cat", "/text")
            #expect(result.output == "some text\n")
            #expect(result.status == 0)
            #expect(result.errors.contains("was not unmounted properly, and its journal is not replayed"))
        }
    }

    @Test func imagesWithoutFiles() throws {
        try withTemporaryFolder { folder in
            let zeroes = try folder.file("zeroes", Data(count: 1 << 20)).path
            let result = try Vitrine.run("ls", zeroes)
            #expect(result.status == 1)
            #expect(
                result.errors
                    == "vitrine: \(zeroes): there is no partition table, and no file system was found\n")
        }
    }
}
