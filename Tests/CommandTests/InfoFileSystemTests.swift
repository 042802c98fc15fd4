import Foundation
import TestSupport
import Testing

/// The file systems in the output of `vitrine info`.
@Suite(.needs(.sfdisk, .xz, .mkfsExt4, .mkswap))
final class InfoFileSystemTests {
    private static let mebibyte = 1 << 20
    private static let uuid = "6c8fbd8d-1c23-4f41-8e4f-2b6e0c8f3a11"

    private let folder = FileManager.default.temporaryDirectory
        .appending(path: "vitrine-info-\(UUID().uuidString)", directoryHint: .isDirectory)
    private let disk: URL

    /// Makes a disk with swap, an ext4 and an empty partition.
    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        disk = folder.appending(path: "disk.raw")
        let swap = try file("swap", size: 2 * Self.mebibyte)
        #expect(try Tool.mkswap.run("-q", "-L", "pages", swap.path).status == 0)
        let root = try file("root", size: 16 * Self.mebibyte)
        #expect(try Tool.mkfsExt4.run("-q", "-L", "root", "-U", Self.uuid, root.path).status == 0)
        try Data(
            """
            label: dos
            start=2048, size=4096, type=82
            start=6144, size=32768, type=83
            start=38912, size=2048, type=83

            """.utf8
        ).write(to: folder.appending(path: "table"))
        _ = try file("disk.raw", size: 20 * Self.mebibyte)
        let made = try Program([
            "/bin/sh", "-c", "\(Tool.sfdisk.path ?? "") -q \(disk.path) <\(folder.path)/table",
        ]).wait()
        try #require(made.status == 0, "\(made.errors)")
        let handle = try FileHandle(forWritingTo: disk)
        for (content, start) in [(swap, 1), (root, 3)] {
            try handle.seek(toOffset: UInt64(start * Self.mebibyte))
            try handle.write(contentsOf: try Data(contentsOf: content))
        }
        try handle.close()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func file(_ name: String, size: Int) throws -> URL {
        let url = folder.appending(path: name)
        try Data(count: size).write(to: url)
        return url
    }

    private func lines(_ image: URL) throws -> [String] {
        let result = try Vitrine.run("info", image.path)
        try #require(result.status == 0, "\(result.errors)")
        return result.output.split(separator: "\n").map(String.init)
    }

    /// The words of the line that starts with `name`.
    private func words(_ name: String, _ image: URL) throws -> [Substring] {
        try #require(try lines(image).map { $0.split(separator: " ") }.first { $0.first == name[...] })
    }

    private func compressed() throws -> URL {
        #expect(try Tool.xz.run("-k", "-1", "--block-size=1MiB", disk.path).status == 0)
        return folder.appending(path: "disk.raw.xz")
    }

    @Test func eachPartitionHasALine() throws {
        for image in [disk, try compressed()] {
            #expect(try words("p1", image).contains("swap"))
            #expect(try words("p1", image).contains("pages"))
            let root = try words("p2", image)
            #expect(root.contains("ext4"))
            #expect(root.contains("root"))
            #expect(root.contains("clean"))
            #expect(root.last == Self.uuid[...])
            #expect(try words("p3", image) == ["p3", "19922944", "1", "MiB", "Linux"])
        }
    }

    @Test func aDiskWithoutPartitionsIsAFileSystem() throws {
        let lines = try lines(folder.appending(path: "root"))
        #expect(lines.contains("no partition table"))
        #expect(lines.contains("  file system  ext4"))
        #expect(lines.contains("  label        root"))
        #expect(lines.contains("  UUID         \(Self.uuid)"))
    }

    /// What info shows of a partition names it for copy.
    @Test(arguments: ["LABEL=root", "ext4", uuid.uppercased(), "2", "Linux"])
    func copyTakesWhatInfoShows(_ argument: String) throws {
        let result = try Vitrine.run("copy", "-q", disk.path, "-", "--partition", argument)
        if argument == "Linux" {
            // Two have this type.
            #expect(result.status == 1)
            #expect(result.errors.hasSuffix("take one of: 2 (Linux, ext4 \"root\"), 3 (Linux)\n"))
        } else {
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.data == (try Data(contentsOf: folder.appending(path: "root"))))
        }
    }

    /// The disk of this table has larger sectors.
    @Test func sectorsOf4096Bytes() throws {
        let image = folder.appending(path: "large.raw")
        // From sector 256 on, 512 sectors.
        let entry: [UInt8] = [0, 0, 0, 0, 0x82, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0]
        var content = Data(count: 446) + entry + Data(count: 48) + [0x55, 0xAA]
        content += Data(count: Self.mebibyte - content.count)
        content += try Data(contentsOf: folder.appending(path: "swap"))
        try (content + Data(count: Self.mebibyte)).write(to: image)
        let wrong = try Vitrine.run("info", image.path)
        #expect(wrong.errors.hasSuffix("; --sector-size 4096 reads it so\n"), "\(wrong.errors)")
        let right = try Vitrine.run("info", image.path, "--sector-size", "4096")
        #expect(right.errors == "")
        #expect(right.output.contains("partitions (MBR, 4096-byte sectors)"))
        #expect(right.output.contains("swap"))
        let copy = try Vitrine.run(
            "copy", "-q", image.path, "-", "--sector-size", "4096", "--partition", "pages")
        #expect(copy.data == (try Data(contentsOf: folder.appending(path: "swap"))))
    }

    private struct Report: Decodable {
        struct FileSystem: Decodable {
            var type, state: String
            var label, uuid: String?
            var size, used: UInt64?
        }
        struct Partition: Decodable {
            var fileSystem: FileSystem?
            enum CodingKeys: String, CodingKey { case fileSystem = "file-system" }
        }
        struct Table: Decodable { var partitions: [Partition] }
        var table: Table?
        var fileSystem: FileSystem?
        enum CodingKeys: String, CodingKey {
            case table = "partition-table"
            case fileSystem = "file-system"
        }
    }

    private func report(_ image: URL) throws -> Report {
        try JSONDecoder().decode(Report.self, from: try Vitrine.run("info", image.path, "--json").data)
    }

    @Test func jsonHoldsTheSame() throws {
        let partitions = try #require(try report(disk).table).partitions
        try #require(partitions.count == 3)
        #expect(partitions[0].fileSystem?.type == "swap")
        let root = try #require(partitions[1].fileSystem)
        #expect(root.type == "ext4")
        #expect(root.label == "root")
        #expect(root.uuid == Self.uuid)
        #expect(root.size == UInt64(16 * Self.mebibyte))
        #expect((root.used ?? .max) < 16 << 20)
        #expect(root.state == "clean")
        #expect(partitions[2].fileSystem == nil)
        #expect(try report(folder.appending(path: "root")).fileSystem?.uuid == Self.uuid)
        #expect(try report(disk).fileSystem == nil)
    }
}
