import Foundation
import TestSupport
import Testing

/// Logical volumes, as the commands show and copy them.
@Suite struct VolumeCommandTests {
    private let image = CorpusFile.root.appending(path: "corpus/golden-lvm.raw.xz").path

    @Test func infoListsThemBelowTheirPartitions() throws {
        let result = try Vitrine.run("info", image)
        try #require(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n").map(String.init)
        let rows = lines.map { $0.split(separator: " ").map(String.init) }
        let first = try #require(rows.firstIndex { $0.first == "p2" })
        #expect(
            rows[(first + 1)...].map(\.first) == [
                "vg/first", "vg/fast-1", "vg/nothing", "p3", "vg/guest", "vg/guest/p1", "vg/nothing",
            ])
        #expect(rows[first + 1] == ["vg/first", "576", "KiB", "logical", "volume"])
        #expect(rows[first + 6] == ["vg/guest/p1", "32768", "64", "KiB", "Linux"])
        #expect(
            lines.last
                == "  vg/nothing cannot be read: it is of the type zero; only linear and striped volumes are read here, others by LVM (package lvm2)"
        )
    }

    private struct Report: Decodable {
        struct Table: Decodable {
            struct Partition: Decodable { var start, size: UInt64 }
            var partitions: [Partition]
        }
        struct Volume: Decodable {
            var name: String
            var size: UInt64
            var partition: Int?
            var reason: String?
            var table: Table?
            enum CodingKeys: String, CodingKey {
                case name, size, partition
                case reason = "not-read"
                case table = "partition-table"
            }
        }
        var volumes: [Volume]
    }

    @Test func jsonHoldsTheSame() throws {
        let volumes = try JSONDecoder().decode(
            Report.self, from: try Vitrine.run("info", image, "--json").data
        )
        .volumes
        #expect(volumes.map(\.name) == ["vg/first", "vg/fast-1", "vg/guest", "vg/nothing"])
        #expect(volumes.map(\.partition) == [2, 2, 3, 2])
        #expect(volumes.map { $0.reason == nil } == [true, true, true, false])
        #expect(volumes[2].table?.partitions.map(\.start) == [32_768])
        #expect(volumes[1].table == nil)
    }

    @Test func copying() throws {
        let whole = try Vitrine.run("copy", "-q", image, "--volume", "vg/fast-1", "-")
        try #require(whole.status == 0, "\(whole.errors)")
        #expect(whole.data.count == 524_288)
        for offset in stride(from: 0, to: whole.data.count, by: 512) {
            let digits = "\(offset)"
            let word = "fast-1 \(String(repeating: "0", count: 10 - digits.count))\(digits) "
            try #require(whole.data.dropFirst(offset).starts(with: word.utf8), "\(offset)")
        }
        let part = try Vitrine.run("copy", "-q", image, "--volume", "vg/guest", "--partition", "1", "-")
        #expect(part.data.count == 65_536)
        #expect(part.data.starts(with: "guest 0000032768 ".utf8))
    }

    @Test func whatCannotBeCopied() throws {
        let disk = "vitrine: \(image): "
        #expect(
            try Vitrine.run("copy", image, "--volume", "vg/none", "-").errors
                == disk
                + "the disk has no logical volume vg/none; it has these: vg/first, vg/fast-1, vg/guest, vg/nothing\n"
        )
        #expect(
            try Vitrine.run("copy", image, "--volume", "vg/nothing", "-").errors.hasPrefix(
                disk + "volume vg/nothing: it is of the type zero;"))
        #expect(
            try Vitrine.run("copy", image, "--volume", "vg/guest", "--partition", "2", "-").errors
                == disk + "the disk has no partition 2; it has: 1 (Linux)\n")
    }
}
