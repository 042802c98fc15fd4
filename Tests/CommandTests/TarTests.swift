import Foundation
import TestSupport
import Testing

/// `vitrine` with disks in tar archives and OVAs.
@Suite(.needs(.nbdcopy, .qemuImg, .sfdisk, .tar, .xz))
struct TarTests {
    private struct Report: Decodable {
        struct Layer: Decodable {
            struct Disk: Decodable, Equatable {
                var name: String
                var size: Int
            }
            struct Member: Decodable, Equatable {
                var name: String
                var size: Int
                var type: String
                var disk: Bool
            }
            var format: String
            var variant: String?
            var members: Int?
            var member: String?
            var disks: [Disk]?
            var contents: [Member]?
            var descriptor: String?

            enum CodingKeys: String, CodingKey {
                case format, variant, members, member, disks, contents
                case descriptor = "ovf-descriptor"
            }
        }
        var format: String
        var layers: [Layer]
    }

    /// Makes an archive called `name` of the files that `members` link to, by their names in it.
    private func archive(
        _ name: String, in folder: URL, _ members: [(name: String, file: URL)]
    ) throws -> URL {
        let content = folder.appending(path: "content")
        try FileManager.default.createDirectory(at: content, withIntermediateDirectories: false)
        for member in members {
            try FileManager.default.copyItem(at: member.file, to: content.appending(path: member.name))
        }
        let url = folder.appending(path: name)
        let result = try Tool.tar.run(
            ["-C", content.path, "--sparse", "-cf", url.path] + members.map(\.name))
        try #require(result.status == 0, "\(result.errors)")
        return url
    }

    @Test func serveAnOVA() throws {
        try withTemporaryFolder { folder in
            let disk = try TestDisk.shared()
            let image = try QemuImage.convert(disk.raw, to: folder.appending(path: "disk.qcow2"), ["-c"])
            let text = try folder.file("text", "<Envelope/>")
            let ova = try archive(
                "appliance.ova", in: folder,
                [("appliance.ovf", text), ("appliance.mf", text), ("disk1.img", image.url)])
            try withServer(ova) { server in
                let client = try server.client()
                try client.enter()
                #expect(try client.readBytes(at: 0, count: TestDisk.size) == disk.bytes)
            }
            let result = try Vitrine.run("info", ova.path, "--json")
            try #require(result.status == 0, "\(result.errors)")
            let report = try JSONDecoder().decode(Report.self, from: result.data)
            #expect(report.format == "qcow2 in tar")
            let layer = try #require(report.layers.first)
            #expect(layer.variant == "gnu" && layer.members == 3 && layer.member == "disk1.img")
            #expect(layer.descriptor == "appliance.ovf")
            let size = try Data(contentsOf: image.url).count
            #expect(layer.disks == [.init(name: "disk1.img", size: size)])
            let words = try Vitrine.run("info", ova.path).output
            #expect(words.hasPrefix("appliance.ova: qcow2 in tar, "))
            #expect(words.contains("\n  opened member   disk1.img\n"))
        }
    }

    @Test func copyOneOfSeveral() throws {
        try withTemporaryFolder { folder in
            let disk = try TestDisk.shared()
            let other = try folder.file("other", Data(repeating: 5, count: 1000))
            let tar = try archive(
                "disks.tar", in: folder,
                [("one.raw", other), ("two.raw", disk.raw), ("three.raw.xz", disk.xz)])
            let output = folder.appending(path: "copy")
            for member in ["two.raw", "three.raw.xz"] {
                let result = try Vitrine.run("copy", "-qf", tar.path, output.path, "--member", member)
                try #require(result.status == 0, "\(result.errors)")
                #expect(try Data(contentsOf: output) == disk.bytes)
            }
            let text =
                "tar: there are 3 disks: \"one.raw\" (1000 bytes), "
            for arguments in [["serve", tar.path], ["copy", tar.path, "-"]] {
                let refused = try Program([Vitrine.path()] + arguments).wait()
                #expect(refused.status == 1)
                #expect(refused.errors.hasPrefix("vitrine: \(tar.path): \(text)"))
                #expect(refused.errors.hasSuffix("; --member NAME chooses one of them\n"))
            }
        }
    }

    /// `info` can describe an archive without knowing which of its members is meant.
    @Test func describeSeveral() throws {
        try withTemporaryFolder { folder in
            let disk = try TestDisk.shared()
            let text = try folder.file("text", "<Envelope/>")
            let ova = try archive(
                "appliance.ova", in: folder,
                [("appliance.ovf", text), ("one.raw", disk.raw), ("two.raw.xz", disk.xz)])
            let words = try Vitrine.run("info", ova.path)
            try #require(words.status == 0, "\(words.errors)")
            #expect(words.output.hasPrefix("appliance.ova: tar, "))
            #expect(words.output.contains("\ncontents (3)\n"))
            #expect(
                words.output.contains(
                    "\nthe partitions were not read: the disk cannot be opened: tar: there are 2 disks: "
                        + "\"one.raw\" ("))
            #expect(words.output.hasSuffix("; --member NAME chooses one of them\n"))
            let rows = words.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            #expect(rows.contains { $0.first == "appliance.ovf" && $0.suffix(2) == ["file", "no"] })
            #expect(rows.contains { $0.first == "two.raw.xz" && $0.suffix(2) == ["file", "yes"] })

            let result = try Vitrine.run("info", ova.path, "--json")
            try #require(result.status == 0, "\(result.errors)")
            let report = try JSONDecoder().decode(Report.self, from: result.data)
            let layer = try #require(report.layers.first)
            #expect(report.format == "tar" && report.layers.count == 1 && layer.member == nil)
            #expect(layer.disks?.map(\.name) == ["one.raw", "two.raw.xz"])
            #expect(
                layer.contents == [
                    .init(name: "appliance.ovf", size: 11, type: "file", disk: false),
                    .init(name: "one.raw", size: TestDisk.size, type: "file", disk: true),
                    .init(
                        name: "two.raw.xz", size: try Data(contentsOf: disk.xz).count, type: "file",
                        disk: true),
                ])
            let chosen = try Vitrine.run("info", ova.path, "--member", "one.raw")
            #expect(chosen.status == 0 && chosen.output.hasPrefix("appliance.ova: raw in tar, "))
        }
    }

    @Test func memberOfAnArchiveInAnArchive() throws {
        try withTemporaryFolder { folder in
            let disk = try TestDisk.shared()
            let other = try folder.file("other", Data(repeating: 5, count: 1024))
            let inner = folder.appending(path: "inner")
            try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: false)
            let ova = try archive("inner.ova", in: inner, [("one.raw", other), ("two.raw", disk.raw)])
            try #require(Tool.xz.run("-k", ova.path).status == 0)
            let xz = ova.appendingPathExtension("xz")
            let tar = try archive(
                "outer.tar", in: folder, [("inner.ova", ova), ("inner.ova.xz", xz), ("three.raw", other)])
            let output = folder.appending(path: "copy")
            for member in ["inner.ova/two.raw", "./inner.ova.xz/two.raw"] {
                let result = try Vitrine.run("copy", "-qf", tar.path, output.path, "--member", member)
                try #require(result.status == 0, "\(result.errors)")
                let isSame = try Data(contentsOf: output) == disk.bytes
                #expect(isSame)
            }
            for (member, text) in [
                (
                    "inner.ova",
                    "tar in tar: there are 2 disks: \"one.raw\" ("
                ),
                ("inner.ova/none", "tar in tar: there is no member \"none\"; there are \"one.raw\" ("),
                ("three.raw/x", "raw in tar: there is no archive here, so no member \"x\" to open either"),
                ("inner.ova/", "tar: there is no member \"inner.ova/\"; there are \"inner.ova\" ("),
            ] {
                let refused = try Vitrine.run("copy", tar.path, "-", "--member", member)
                #expect(refused.status == 1)
                #expect(refused.errors.hasPrefix("vitrine: \(tar.path): \(text)"), "\(refused.errors)")
            }
            let undecided = try Vitrine.run("copy", tar.path, "-", "--member", "inner.ova")
            #expect(undecided.errors.hasSuffix("; --member inner.ova/NAME chooses one of them\n"))
            let described = try Vitrine.run("info", tar.path, "--member", "inner.ova")
            #expect(described.status == 0 && described.output.hasPrefix("outer.tar: tar in tar, "))
        }
    }

    /// A stream and its descriptor, as producers of appliances write them.
    @Test func applianceOfStreams() throws {
        try withTemporaryFolder { folder in
            let disk = try TestDisk.shared()
            let raw = try folder.file("other.raw", Data(repeating: 9, count: 1 << 20))
            let options = ["-o", "subformat=streamOptimized"]
            let first = try QemuImage.convert(
                disk.raw, to: folder.appending(path: "first"), format: "vmdk", options)
            let second = try QemuImage.convert(
                raw, to: folder.appending(path: "second"), format: "vmdk", options)
            let text = try folder.file("text", "<Envelope/>")
            let one = try archive(
                "one.ova", in: folder, [("one.ovf", text), ("one.mf", text), ("one-disk1.vmdk", first.url)])
            try FileManager.default.removeItem(at: folder.appending(path: "content"))
            let two = try archive(
                "two.ova", in: folder,
                [("two.ovf", text), ("two-disk1.vmdk", first.url), ("two-disk2.vmdk", second.url)])
            for (ova, options) in [(one, []), (two, ["--member", "two-disk1.vmdk"])] {
                try withServer(ova, options, environment: [:]) { server in
                    let client = try server.client()
                    try client.enter()
                    let isSame = try client.readBytes(at: 0, count: TestDisk.size) == disk.bytes
                    #expect(isSame)
                }
                let output = folder.appending(path: "copy")
                let copied = try Program(
                    [Vitrine.path(), "copy", "-qf", ova.path, output.path] + options
                ).wait()
                try #require(copied.status == 0, "\(copied.errors)")
                let isSame = try Data(contentsOf: output) == disk.bytes
                #expect(isSame)
                let info = try Program([Vitrine.path(), "info", ova.path] + options).wait()
                #expect(info.status == 0 && info.output.contains(": vmdk in tar, "))
                #expect(info.output.contains("streamOptimized") && info.output.contains("\npartitions ("))
            }
            let other = try Vitrine.run("copy", two.path, "-", "--member", "two-disk2.vmdk")
            let isSame = try other.data == Data(contentsOf: raw)
            #expect(other.status == 0 && isSame)
            let refused = try Vitrine.run("serve", two.path)
            #expect(refused.status == 1 && refused.errors.contains("\"two-disk2.vmdk\" ("))
        }
    }

    /// Names in an archive mean members, and never files.
    @Test func extentsAreMembers() throws {
        try withTemporaryFolder { folder in
            let disk = try TestDisk.shared()
            let content = folder.appending(path: "content/vm")
            try FileManager.default.createDirectory(at: content, withIntermediateDirectories: true)
            let base = try QemuImage.convert(
                disk.raw, to: content.appending(path: "base.vmdk"), format: "vmdk",
                ["-o", "subformat=twoGbMaxExtentSparse"])
            _ = try QemuImage.create(
                content.appending(path: "child.vmdk"), format: "vmdk", ["-b", "base.vmdk", "-F", "vmdk"])
            func tar(_ name: String, _ members: String...) throws -> URL {
                let url = folder.appending(path: name)
                let result = try Tool.tar.run(
                    ["-C", folder.path + "/content", "-cf", url.path] + members.map { "./vm/\($0)" })
                try #require(result.status == 0, "\(result.errors)")
                return url
            }
            let whole = try tar("whole.tar", "base.vmdk", "base-s001.vmdk", "child.vmdk")
            let lacking = try tar("lacking.tar", "base.vmdk", "child.vmdk")
            // What lies beside the archive has the names too.
            let extent = folder.appending(path: "base-s001.vmdk")
            try FileManager.default.copyItem(
                at: base.url.deletingLastPathComponent().appending(path: "base-s001.vmdk"), to: extent)
            let watch = try FileWatch(extent)
            for member in ["vm/base.vmdk", "vm/child.vmdk"] {
                for options in [[], ["--allow-references", "none"]] {
                    let copied = try Program(
                        [Vitrine.path(), "copy", whole.path, "-", "--member", member] + options
                    ).wait()
                    let isSame = copied.data == disk.bytes
                    #expect(copied.status == 0 && isSame, "\(copied.errors)")
                }
            }
            let text = "extent \"base-s001.vmdk\": there is no such member in the archive\n"
            let refused = try Vitrine.run("copy", lacking.path, "-", "--member", "vm/base.vmdk")
            #expect(refused.status == 1)
            #expect(refused.errors == "vitrine: \(lacking.path): vmdk in tar: \(text)")
            let child = try Vitrine.run("copy", lacking.path, "-", "--member", "vm/child.vmdk")
            #expect(
                child.errors == "vitrine: \(lacking.path): vmdk in tar: parent \"base.vmdk\": vmdk: \(text)")
            #expect(!watch.wasOpened)
        }
    }

    @Test(arguments: [
        (
            "RW 1 FLAT \"/etc/passwd\" 0",
            "extent \"/etc/passwd\" is not opened: names in an archive are those of members in the same directory of it, or below"
        ),
        (
            "RW 1 FLAT \"../up\" 0",
            "extent \"../up\" is not opened: names in an archive are those of members in the same directory of it, or below"
        ),
        (
            "RW 1 FLAT \"link\" 0",
            "extent \"link\" is a symbolic link in the archive; only regular files are opened"
        ),
        (
            "RW 1 FLAT \"disk.vmdk\" 0",
            "extent \"disk.vmdk\" is already part of the chain of files that leads to it, so the chain has "
                + "no end"
        ),
        ("RW 1 FLAT \"up\" 0", "extent \"up\": there is no such member in the archive"),
    ])
    func extentsThatAreNone(_ line: String, _ text: String) throws {
        try withTemporaryFolder { folder in
            let content = folder.appending(path: "vm")
            try FileManager.default.createDirectory(at: content, withIntermediateDirectories: false)
            _ = try folder.file("up", Data(count: 512))
            _ = try content.file("disk.vmdk", "# Disk DescriptorFile\nversion=1\n\(line)\n")
            try FileManager.default.createSymbolicLink(
                atPath: content.path + "/link", withDestinationPath: "/etc/passwd")
            let tar = folder.appending(path: "disks.tar")
            let result = try Tool.tar.run(["-C", folder.path, "-cf", tar.path, "up", "vm"])
            try #require(result.status == 0, "\(result.errors)")
            let refused = try Vitrine.run("copy", tar.path, "-")
            #expect(refused.status == 1)
            #expect(refused.errors == "vitrine: \(tar.path): vmdk in tar: \(text)\n")
        }
    }

    /// The index of an .xz file is the same inside an archive and outside.
    @Test func indexOfAMember() throws {
        try withTemporaryFolder { folder in
            let disk = try TestDisk.shared()
            let tar = try archive("disk.tar", in: folder, [("disk.raw.xz", disk.xz)])
            let cache = ["XDG_CACHE_HOME": folder.appending(path: "cache").path]
            let first = try Vitrine.run("index", tar.path, environment: cache)
            try #require(first.status == 0, "\(first.errors)")
            #expect(first.output.contains("indexed"))
            for image in [tar, disk.xz] {
                let again = try Vitrine.run("index", image.path, "--verify", environment: cache)
                #expect(again.output.contains("already indexed"), "\(again.output)")
            }
        }
    }

    @Test func archiveInXZ() throws {
        try withTemporaryFolder { folder in
            let disk = try TestDisk.shared()
            let tar = try archive("disk.tar", in: folder, [("disk.raw", disk.raw)])
            try #require(Tool.xz.run("-T1", tar.path).status == 0)
            let xz = tar.appendingPathExtension("xz")
            let output = folder.appending(path: "copy")
            let copied = try Vitrine.run("copy", "-q", xz.path, output.path)
            try #require(copied.status == 0, "\(copied.errors)")
            #expect(try Data(contentsOf: output) == disk.bytes)
        }
    }
}
