import Foundation
import Testing
import TestSupport

/// The output of `vitrine info`.
@Suite(.needs(.sfdisk, .xz))
struct InfoTests {
    private struct Identity: Decodable {
        var fingerprint: String
    }

    private struct Report: Decodable, Equatable {
        struct Layer: Decodable, Equatable {
            var format: String
            var size: Int
            var blocks: Int?
            var checks: [String]?
            var compressedSize: Int?
            var largestBlock: Int?
            var streams: Int?

            enum CodingKeys: String, CodingKey {
                case format, size, blocks, checks, streams
                case compressedSize = "compressed-size"
                case largestBlock = "largest-block"
            }
        }

        struct Table: Decodable, Equatable {
            struct Partition: Decodable, Equatable {
                var number: Int
                var start: Int
                var size: Int
                var type: String
                var typeName: String?
                var name: String

                enum CodingKeys: String, CodingKey {
                    case number, start, size, type, name
                    case typeName = "type-name"
                }
            }

            var scheme: String
            var sectorSize: Int
            var partitions: [Partition]

            enum CodingKeys: String, CodingKey {
                case scheme, partitions
                case sectorSize = "sector-size"
            }
        }

        var image: String
        var format: String
        var size: Int
        var layers: [Layer]
        var table: Table?
        var warnings: [String]

        enum CodingKeys: String, CodingKey {
            case image, format, size, layers, warnings
            case table = "partition-table"
        }
    }

    private static let table = Report.Table(
        scheme: "gpt", sectorSize: 512,
        partitions: [
            .init(
                number: 1, start: TestDisk.first.lowerBound, size: TestDisk.first.count,
                type: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", typeName: "EFI System", name: "boot"),
            .init(
                number: 2, start: TestDisk.second.lowerBound, size: TestDisk.second.count,
                type: "0FC63DAF-8483-4772-8E79-3D69D8477DE4", typeName: "Linux filesystem", name: "root"),
        ])

    private func report(_ image: URL) throws -> Report {
        let result = try Vitrine.run("info", image.path, "--json")
        try #require(result.status == 0, "\(result.errors)")
        #expect(result.errors == "")
        return try JSONDecoder().decode(Report.self, from: result.data)
    }

    private func corpus(_ name: String) -> URL { CorpusFile.root.appending(path: "corpus/\(name)") }

    @Test func jsonOfARawDisk() throws {
        let image = try TestDisk.shared().raw
        #expect(
            try report(image)
                == Report(
                    image: image.path, format: "raw", size: TestDisk.size,
                    layers: [.init(format: "raw", size: TestDisk.size)], table: Self.table, warnings: []))
    }

    @Test func jsonOfADiskInXZ() throws {
        let image = try TestDisk.shared().xz
        let compressed = try Data(contentsOf: image).count
        #expect(
            try report(image)
                == Report(
                    image: image.path, format: "raw in xz", size: TestDisk.size,
                    layers: [
                        .init(
                            format: "xz", size: TestDisk.size, blocks: 12, checks: ["CRC64"],
                            compressedSize: compressed, largestBlock: 1 << 20, streams: 1),
                        .init(format: "raw", size: TestDisk.size),
                    ], table: Self.table, warnings: []))
    }

    @Test func jsonOfXZInXZ() throws {
        let report = try report(corpus("good-xz-in-xz.raw.xz.xz"))
        #expect(report.format == "raw in xz in xz")
        #expect(report.layers.map(\.format) == ["xz", "xz", "raw"])
        #expect(report.layers.map(\.size) == [4936, 150000, 150000])
        #expect(report.layers.map(\.compressedSize) == [4528, 4936, nil])
        #expect(report.table == nil)
    }

    @Test func jsonOfStreamsWithDifferentChecks() throws {
        let layer = try #require(try report(corpus("good-xz-streams-checks.xz")).layers.first)
        #expect(layer.streams == 4)
        #expect(layer.checks == ["None", "CRC32", "CRC64", "SHA-256"])
    }

    @Test func jsonHoldsTheWarnings() throws {
        let report = try report(corpus("good-gpt-primary-crc.raw.xz"))
        #expect(report.warnings.count == 2)
        #expect(
            report.warnings.last == "partition table: the backup GPT, at the end of the disk, is used instead"
        )
        #expect(report.table?.partitions.map(\.number) == [1, 2, 3, 5, 9])
    }

    /// Reading the partition table decoded the first block, and looking for file systems those in which the partitions start.
    @Test func textOfADiskInXZ() throws {
        let disk = try TestDisk.shared()
        let compressed = try Data(contentsOf: disk.xz).count
        let result = try Vitrine.run("info", disk.xz.path)
        #expect(result.status == 0)
        #expect(result.errors == "")
        #expect(
            result.output == """
                disk.raw.xz: raw in xz, 12 MiB (12582912 bytes)

                xz
                  compressed     \(String(format: "%g", (Double(compressed) / 1048576 * 10).rounded() / 10)) MiB (\(compressed) bytes)
                  streams        1
                  blocks         12
                  largest block  1 MiB (1048576 bytes)
                  check          CRC64
                  seek index     25 %, 3 spans
                  worst seek     about 30 ms
                  known zeroes   2 MiB

                partitions (GPT, 512-byte sectors)
                      offset   size   type              name
                  p1  1048576  4 MiB  EFI System        boot
                  p2  5242880  6 MiB  Linux filesystem  root

                """)
    }

    @Test func textOfADiskWithoutPartitions() throws {
        let result = try Vitrine.run("info", corpus("good-raw-odd-size.raw").path)
        #expect(result.output == "good-raw-odd-size.raw: raw, 9.8 KiB (10007 bytes)\n")
    }

    @Test func warningsGoToStandardError() throws {
        let result = try Vitrine.run("info", corpus("good-gpt-primary-crc.raw.xz").path)
        #expect(result.status == 0)
        #expect(
            result.errors.split(separator: "\n").last
                == "vitrine: warning: partition table: the backup GPT, at the end of the disk, is used instead"
        )
        #expect(!result.output.contains("warning"))
    }

    @Test(.needs(.nbdinfo), arguments: ["good-xz-size-1000003.xz", "good-xz-size-1000003-blocks.xz"])
    func oddSizeIsExportedExactly(_ name: String) throws {
        #expect(try report(corpus(name)).size == 1_000_003)
        let size = try withServer(corpus(name)) { try Tool.nbdinfo.run("--size", $0.uri) }
        #expect(size.output == "1000003\n", "\(size.errors)")
    }

    @Test(.needs(.nbdcopy))
    func oddSizeCanBeCopied() throws {
        let expected = try Tool.xz.run("-dc", corpus("good-xz-size-1000003.xz").path).data
        let copy = try withServer(corpus("good-xz-size-1000003.xz")) { try Tool.nbdcopy.run($0.uri, "-") }
        #expect(copy.status == 0, "\(copy.errors)")
        #expect(copy.data == expected)
    }

    @Test(.needs(.nbdinfo))
    func emptyDiskIsServed() throws {
        let told = try withServer(corpus("good-xz-empty.xz")) { try Tool.nbdinfo.run("--size", $0.uri) }
        #expect(told.output == "0\n", "\(told.errors)")
    }

    @Test func fingerprintIsThatOfTheContentWhateverItsName() throws {
        func fingerprint(_ file: URL) throws -> String {
            let result = try Vitrine.run("info", "--json", file.path)
            let report = try JSONDecoder().decode(Identity.self, from: result.data)
            return report.fingerprint
        }
        let disk = try TestDisk.shared()
        try withTemporaryFolder { folder in
            let copy = folder.appending(path: "another name")
            try FileManager.default.copyItem(at: disk.xz, to: copy)
            let original = try fingerprint(disk.xz)
            #expect(original.count == 64)
            #expect(try fingerprint(copy) == original)
            #expect(try fingerprint(disk.raw) != original)
        }
    }
}
