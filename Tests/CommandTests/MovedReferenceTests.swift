import Foundation
import TestSupport
import Testing

/// Images in a moved folder, so that the files they name are not in the recorded places.
@Suite(.needs(.qemuImg, .sfdisk, .tar, .xz))
struct MovedReferenceTests {
    /// Makes a chain of `format`: a base with the content of the disk, and an overlay with the base's absolute name,
    /// which leads nowhere any more.
    private func chain(_ format: String, in folder: URL) throws -> (base: URL, overlay: URL) {
        let old = folder.appending(path: "old")
        try FileManager.default.createDirectory(at: old, withIntermediateDirectories: false)
        _ = try QemuImage.convert(
            TestDisk.shared().raw, to: old.appending(path: "base.\(format)"), format: format)
        _ = try QemuImage.create(
            old.appending(path: "overlay.\(format)"), format: format,
            ["-b", old.path + "/base.\(format)", "-F", format])
        let new = folder.appending(path: "new")
        try FileManager.default.moveItem(at: old, to: new)
        return (new.appending(path: "base.\(format)"), new.appending(path: "overlay.\(format)"))
    }

    private func expectSame(_ arguments: String..., warning: String?) throws {
        let copied = try Program([Vitrine.path(), "copy", "-q"] + arguments).wait()
        let isSame = try copied.data == TestDisk.shared().bytes
        #expect(copied.status == 0 && isSame)
        #expect(copied.errors == (warning.map { "vitrine: warning: \($0)\n" } ?? ""))
    }

    @Test(arguments: ["qcow2", "vmdk"])
    func baseBesideTheOverlay(_ format: String) throws {
        try withTemporaryFolder { folder in
            let (base, overlay) = try chain(format, in: folder)
            let role = format == "vmdk" ? "parent" : "backing file"
            let name = "\(folder.path)/old/base.\(format)"
            try expectSame(
                overlay.path, "-",
                warning:
                    "\(role) \"\(name)\" was not found: vitrine uses \"base.\(format)\" in "
                    + "\(folder.path)/new instead"
            )
            // Elsewhere and by another name it has to be said where.
            let elsewhere = folder.appending(path: "elsewhere")
            try FileManager.default.moveItem(at: base, to: elsewhere)
            let refused = try Vitrine.run("copy", overlay.path, "-")
            #expect(refused.status == 1)
            #expect(
                refused.errors
                    == "vitrine: \(overlay.path): \(format): \(role) \"\(name)\": No such file or directory; "
                    + "--backing-file PATH says where it is\n")
            _ = try overlay.deletingLastPathComponent().file("notes.txt", "x")
            let listed = try Vitrine.run("copy", overlay.path, "-")
            #expect(
                listed.errors.hasSuffix(
                    "; the directory holds \"notes.txt\"; --backing-file PATH says where it is\n"))
            try expectSame(overlay.path, "-", "--backing-file", elsewhere.path, warning: nil)
        }
    }

    @Test func backingFileOfAnImageWithout() throws {
        try withTemporaryFolder { folder in
            let disk = try TestDisk.shared()
            let refused = try Vitrine.run("copy", disk.raw.path, "-", "--backing-file", disk.xz.path)
            #expect(refused.status == 1)
            #expect(
                refused.errors
                    == "vitrine: \(disk.raw.path): the image names no backing file or parent outside of itself, so "
                    + "\(disk.xz.path) cannot be one\n")
        }
    }

    @Test func overlayInAnArchive() throws {
        try withTemporaryFolder { folder in
            let (_, overlay) = try chain("qcow2", in: folder)
            let tar = folder.appending(path: "disks.tar")
            let result = try Tool.tar.run(["-C", folder.path, "-cf", tar.path, "new"])
            try #require(result.status == 0, "\(result.errors)")
            try FileManager.default.removeItem(at: overlay.deletingLastPathComponent())
            try expectSame(
                tar.path, "-", "--member", "new/overlay.qcow2",
                warning:
                    "backing file \"\(folder.path)/old/base.qcow2\" was not found: vitrine uses member "
                    + "\"new/base.qcow2\" instead"
            )
        }
    }

    /// The user may give a file for what an overlay in an archive names, also if a member has the name.
    @Test(arguments: ["qcow2", "vmdk"], [true, false])
    func backingFileOfAnOverlayInAnArchive(_ format: String, _ hasBase: Bool) throws {
        try withTemporaryFolder { folder in
            let (base, overlay) = try chain(format, in: folder)
            let elsewhere = folder.appending(path: "elsewhere")
            try FileManager.default.copyItem(at: base, to: elsewhere)
            if hasBase { try Data(repeating: 1, count: 512).write(to: base) }
            let tar = folder.appending(path: "disks.tar")
            let names = [overlay.lastPathComponent] + (hasBase ? [base.lastPathComponent] : [])
            let result = try Tool.tar.run(["-C", folder.path + "/new", "-cf", tar.path] + names)
            try #require(result.status == 0, "\(result.errors)")
            try expectSame(
                tar.path, "-", "--member", overlay.lastPathComponent, "--backing-file", elsewhere.path,
                warning: nil)
            let twice = try Vitrine.run(
                "copy", "-q", tar.path, "-", "--member", overlay.lastPathComponent, "--backing-file",
                elsewhere.path, "--backing-file", elsewhere.path)
            #expect(twice.status == 1)
            #expect(twice.errors.contains("only 1 of the 2 given backing files are needed"))
            guard !hasBase else { return }
            let refused = try Vitrine.run("copy", "-q", tar.path, "-", "--member", overlay.lastPathComponent)
            #expect(refused.status == 1)
            #expect(
                refused.errors.hasSuffix(
                    "names in an archive are those of members in the same directory of it, or below; "
                        + "--backing-file PATH says where it is\n"))
        }
    }

    /// An image in an archive that names no file has no use for the option.
    @Test func backingFileThatNoMemberAsksFor() throws {
        try withTemporaryFolder { folder in
            let disk = try TestDisk.shared()
            let tar = folder.appending(path: "disks.tar")
            let folderOfDisk = disk.raw.deletingLastPathComponent().path
            let result = try Tool.tar.run(["-C", folderOfDisk, "-cf", tar.path, disk.raw.lastPathComponent])
            try #require(result.status == 0, "\(result.errors)")
            let refused = try Vitrine.run(
                "copy", "-q", tar.path, "-", "--member", disk.raw.lastPathComponent, "--backing-file",
                disk.xz.path)
            #expect(refused.status == 1)
            #expect(refused.errors.contains("the image names no backing file or parent outside of itself"))
        }
    }

    /// The layers of files that an image names are indexed with it.
    @Test func layersOfABackingFileAreIndexed() throws {
        try withTemporaryFolder { folder in
            let disk = try TestDisk.shared()
            let raw = try folder.file("base.raw", disk.bytes)
            try #require(Tool.xz.run("-T1", "-1", raw.path).status == 0)
            let overlay = try HostileImage(backing: "base.raw.xz", format: "xz").write(
                "overlay.qcow2", in: folder)
            let cache = ["XDG_CACHE_HOME": folder.appending(path: "cache").path]
            let first = try Vitrine.run("index", overlay.path, "--verify", environment: cache)
            try #require(first.status == 0, "\(first.errors)")
            #expect(first.output.contains("\(overlay.path): backing file \"base.raw.xz\": xz: "))
            let again = try Vitrine.run("index", raw.path + ".xz", environment: cache)
            #expect(again.output.contains("already indexed"), "\(again.output)")
            // And in the background of a server.
            let other = ["XDG_CACHE_HOME": folder.appending(path: "other").path]
            try withServer(overlay, [], environment: other) { _ in
                let listed = folder.appending(path: "other/vitrine")
                for _ in 0..<600 {
                    let names = (try? FileManager.default.contentsOfDirectory(atPath: listed.path)) ?? []
                    if names.contains(where: { $0.hasSuffix(".sidx") }) { return }
                    Thread.sleep(forTimeInterval: 0.1)
                }
                Issue.record("no seek index was made")
            }
        }
    }
}
