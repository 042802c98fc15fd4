import Foundation
import Glibc
import TestSupport
import Testing

/// VMDK images that name files that are none of their business, or ask for more than there is.
@Suite struct HostileVMDKReferenceTests {
    private static let outside =
        "lies outside the image's directory; --allow-references DIR allows another directory"

    private func descriptor(_ lines: String...) -> String {
        "# Disk DescriptorFile\nversion=1\nCID=00000001\n\(lines.joined(separator: "\n"))\n"
    }

    /// Expects that no command reads the disk in the image at `path`, and that the image is described anyway.
    private func expectRefused(
        _ path: String, _ text: String, _ options: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try ReferenceRefusal.expect(path, "vmdk", text, options, sourceLocation)
    }

    /// Expects every command to refuse the image at `path` with `text`.
    private func expectUnreadable(
        _ path: String, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for command in [["serve", path], ["copy", path, "-"], ["info", path], ["index", path]] {
            let result = try Program([Vitrine.path()] + command).wait()
            #expect(result.status == 1, sourceLocation: sourceLocation)
            #expect(result.errors == "vitrine: \(path): vmdk: \(text)\n", sourceLocation: sourceLocation)
        }
    }

    @Test(
        arguments: ["/etc/passwd", "../../etc/passwd", "/dev/null", "/proc/self/mem"],
        ["FLAT", "SPARSE", "VMFS"])
    func extentElsewhere(_ name: String, _ type: String) throws {
        try withTemporaryFolder { folder in
            let image = try folder.file("disk.vmdk", descriptor("RW 1 \(type) \"\(name)\" 0"))
            try expectRefused(image.path, "extent \"\(name)\" \(Self.outside)")
        }
    }

    @Test(arguments: ["/etc/passwd", "../../etc/passwd"])
    func parentElsewhere(_ name: String) throws {
        try withTemporaryFolder { folder in
            let image = try folder.file(
                "disk.vmdk",
                descriptor("parentCID=00000002", "parentFileNameHint=\"\(name)\"", "RW 1 SPARSE \"x\""))
            try expectRefused(image.path, "parent \"\(name)\" \(Self.outside)")
        }
    }

    /// A device is not opened even if its directory is allowed.
    @Test func device() throws {
        try withTemporaryFolder { folder in
            let image = try folder.file("disk.vmdk", descriptor("RW 1 FLAT \"/dev/null\" 0"))
            try expectRefused(
                image.path, "extent \"/dev/null\" is a character device; only regular files are opened",
                "--allow-references", "/dev")
        }
    }

    /// Waiting for someone to write to the pipe would be no answer.
    @Test func namedPipe() throws {
        try withTemporaryFolder { folder in
            let pipe = folder.appending(path: "pipe")
            try #require(unsafe mkfifo(pipe.path, 0o600) == 0)
            let watch = try FileWatch(pipe)
            let image = try folder.file("disk.vmdk", descriptor("RW 1 SPARSE \"pipe\""))
            try expectRefused(
                image.path, "extent \"pipe\" is a named pipe; only regular files are opened")
            #expect(!watch.wasOpened)
        }
    }

    @Test func itself() throws {
        try withTemporaryFolder { folder in
            let image = try folder.file("disk.vmdk", descriptor("RW 1 FLAT \"disk.vmdk\" 0"))
            let text = "is already part of the chain of files that leads to it, so the chain has no end"
            try expectRefused(image.path, "extent \"disk.vmdk\" \(text)")
            let child = try folder.file(
                "child.vmdk",
                descriptor("parentCID=00000001", "parentFileNameHint=\"child.vmdk\"", "RW 1 ZERO"))
            try expectRefused(child.path, "parent \"child.vmdk\" \(text)")
        }
    }

    @Test func linkThatLeadsOut() throws {
        try withTemporaryFolder { folder in
            let images = folder.appending(path: "images")
            let manager = FileManager.default
            try manager.createDirectory(at: images, withIntermediateDirectories: false)
            let secret = try folder.file("secret", Data(repeating: 7, count: 512))
            let watch = try FileWatch(secret)
            try manager.createSymbolicLink(atPath: images.path + "/link", withDestinationPath: "../secret")
            try manager.createSymbolicLink(atPath: images.path + "/folder", withDestinationPath: "..")
            for name in ["link", "folder/secret"] {
                let image = try images.file("disk.vmdk", descriptor("RW 1 FLAT \"\(name)\" 0"))
                try expectRefused(image.path, "extent \"\(name)\" \(Self.outside)")
            }
            #expect(!watch.wasOpened)
            // With leave it is another matter, which shows that the watch notices.
            let copy = try Vitrine.run(
                "copy", images.path + "/disk.vmdk", "-", "--allow-references", folder.path)
            #expect(copy.status == 0 && copy.data == Data(repeating: 7, count: 512))
            #expect(watch.wasOpened)
        }
    }

    @Test func descriptorsOfOneMebibyte() throws {
        try withTemporaryFolder { folder in
            let head = descriptor()
            let line = "RW 1 FLAT \"x\" 0\n"
            let many = head + String(repeating: line, count: ((1 << 20) - head.utf8.count) / line.utf8.count)
            let image = try folder.file("many.vmdk", many)
            try expectUnreadable(
                image.path,
                "line 4101 of the descriptor: there are more than 4096 extents; vitrine opens no more")
            let larger = try folder.file("larger.vmdk", many + String(repeating: line, count: 2))
            let size = try Data(contentsOf: larger).count
            try #require(size > 1 << 20)
            try expectUnreadable(larger.path, "the descriptor takes \(size) bytes, expected 1048576 at most")
            let name = String(repeating: "n", count: 220)
            let most = try folder.file(
                "most.vmdk", head + String(repeating: "RW 1 FLAT \"\(name)\" 0\n", count: 4096))
            try expectRefused(most.path, "extent \"\(name)\": No such file or directory")
        }
    }

    /// The descriptor in a stream calls its data by some other name than its own as often as not.
    @Test(.needs(.qemuImg), arguments: ["streamOptimized", "monolithicSparse"])
    func descriptorInside(_ subformat: String) throws {
        try withTemporaryFolder { folder in
            let raw = try folder.file("disk.raw", Data(repeating: 5, count: 1 << 20))
            let image = try QemuImage.convert(
                raw, to: folder.appending(path: "generated-stream.vmdk"), format: "vmdk",
                ["-o", "subformat=\(subformat)"])
            let moved = folder.appending(path: "disk.vmdk")
            try FileManager.default.moveItem(at: image.url, to: moved)
            let named = try Data(contentsOf: moved).range(of: Data("\"generated-stream.vmdk\"".utf8))
            #expect(named != nil)
            let other = try folder.file("generated-stream.vmdk", Data(repeating: 9, count: 1 << 20))
            let watch = try FileWatch(other)
            let copy = try Vitrine.run("copy", moved.path, "-")
            let isSame = copy.data == Data(repeating: 5, count: 1 << 20)
            #expect(copy.status == 0 && isSame)
            for command in ["info", "index"] {
                #expect(try Vitrine.run(command, moved.path).status == 0)
            }
            #expect(!watch.wasOpened)
        }
    }

    // MARK: Many files

    /// More files than a process may have open at first, and more than it may have at all.
    @Test func moreExtentsThanOpenFiles() throws {
        try withTemporaryFolder { folder in
            let numbers = 0..<100
            for number in numbers {
                _ = try folder.file("f\(number)", Data(repeating: UInt8(number), count: 512))
            }
            let lines = numbers.map { "RW 1 FLAT \"f\($0)\" 0" }.joined(separator: "\n")
            let image = try folder.file("disk.vmdk", descriptor(lines))
            func copy(limit: String) throws -> ProgramResult {
                try Program(
                    [
                        "/bin/sh", "-c", "ulimit \(limit) && exec \"$0\" copy -q \"$1\" -", Vitrine.path(),
                        image.path,
                    ]
                ).wait()
            }
            let copied = try copy(limit: "-Sn 64")
            let isSame = copied.data == Data(numbers.flatMap { [UInt8](repeating: UInt8($0), count: 512) })
            #expect(copied.status == 0 && isSame, "\(copied.errors)")
            let refused = try copy(limit: "-n 64")
            #expect(refused.status == 1)
            #expect(
                refused.errors.hasSuffix(
                    " cannot be opened: this process has reached its limit of open files (ulimit -n; hard "
                        + "limit: ulimit -Hn)\n"), "\(refused.errors)")
        }
    }

    // MARK: Recovery

    /// Results of going through a stream are kept, and found again.
    @Test(.needs(.qemuImg)) func truncatedStream() throws {
        try withTemporaryFolder { folder in
            var content = Data(repeating: 5, count: 4 << 20)
            for index in content.indices where index % 3 == 0 {
                content[index] = UInt8(truncatingIfNeeded: index >> 9)
            }
            let raw = try folder.file("disk.raw", content)
            let image = try QemuImage.convert(
                raw, to: folder.appending(path: "disk.vmdk"), format: "vmdk",
                ["-o", "subformat=streamOptimized"])
            var bytes = try Data(contentsOf: image.url)
            // No directory: it is said to be at the end, which is gone.
            bytes.replaceSubrange(56..<64, with: Data(repeating: 0xFF, count: 8))
            bytes.removeLast(bytes.count / 3)
            try bytes.write(to: image.url)
            let cache = ["XDG_CACHE_HOME": folder.appending(path: "cache").path]
            for round in 0..<2 {
                // Going through it is done once; `info` makes nothing.
                let refused = try Vitrine.run("serve", image.url.path, "--run", "true", environment: cache)
                #expect(refused.status == 1)
                #expect(refused.errors.contains(": the stream is cut short at \(bytes.count), and "))
                #expect(refused.errors.hasSuffix("; --recover serves these\n"))
                let kept = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/cache/vitrine")
                    .filter { $0.hasSuffix(".sidx") }
                #expect(kept.count == 1, "round \(round)")
                let info = try Vitrine.run("info", image.url.path, "--recover", environment: cache)
                #expect(info.status == 0 && info.output.contains("stream, cut short"))
            }
            try withServer(image.url, ["--recover"], environment: cache) { server in
                let client = try server.client()
                try client.enter()
                let isSame = try client.readBytes(at: 0, count: 1 << 20) == content.prefix(1 << 20)
                #expect(isSame)
            }
            let list = try Vitrine.run("index", "--list", environment: cache)
            #expect(list.status == 0 && list.output.contains("disk.vmdk"))
        }
    }
}
