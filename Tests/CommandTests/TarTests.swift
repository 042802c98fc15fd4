import Foundation
import TestSupport
import Testing

/// `vitrine` with disks in tar archives and OVAs.
@Suite(.needs(.nbdcopy, .qemuImg, .sfdisk, .tar, .xz), .timeLimit(.minutes(5)))
struct TarTests {
    private struct Report: Decodable {
        struct Layer: Decodable {
            struct Disk: Decodable, Equatable {
                var name: String
                var size: Int
            }
            var format: String
            var variant: String?
            var members: Int?
            var member: String?
            var disks: [Disk]?
            var descriptor: String?

            enum CodingKeys: String, CodingKey {
                case format, variant, members, member, disks
                case descriptor = "ovf-descriptor"
            }
        }
        var format: String
        var layers: [Layer]
    }

    /// An archive called `name` of what `members` link to, by the names that they have in it.
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
            let refused = try Vitrine.run("info", tar.path)
            #expect(refused.status == 1)
            #expect(
                refused.errors.hasPrefix(
                    "vitrine: \(tar.path): tar: there are 3 disks, of which --member NAME chooses one: \"one.raw\" (1000 bytes), "
                ))
        }
    }

    /// The index of an .xz file is the same in an archive and outside.
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
