import Foundation
import TestSupport
import Testing

/// The commands with gzip files, whose size is not known before all of them has been decoded.
@Suite(.needs(.gzip, .sfdisk, .xz))
struct GzipCommandTests {
    private struct Report: Decodable {
        struct Layer: Decodable {
            struct Index: Decodable {
                var state: String
                var indexed: Int
            }

            var format: String
            var size: Int?
            var compressedSize: Int?
            var originalName: String?
            var index: Index?

            enum CodingKeys: String, CodingKey {
                case format, size, index
                case compressedSize = "compressed-size"
                case originalName = "original-name"
            }
        }

        struct Table: Decodable { var scheme: String }

        var format: String
        var size: Int?
        var layers: [Layer]
        var table: Table?
        var notRead: String?
        var warnings: [String]

        enum CodingKeys: String, CodingKey {
            case format, size, layers, warnings
            case table = "partition-table"
            case notRead = "partition-table-not-read"
        }
    }

    /// A folder with a cache for indexes of its own.
    private struct Workshop {
        let folder: URL

        private var environment: [String: String] {
            ["XDG_CACHE_HOME": folder.appending(path: "cache").path]
        }

        func vitrine(_ arguments: String...) throws -> ProgramResult {
            try Program([Vitrine.path()] + arguments, environment: environment).wait()
        }

        /// Compresses the file at `url`. Its name goes into the header.
        func compress(_ url: URL) throws -> URL {
            let result = try Tool.gzip.run("-1", "-k", "-f", url.path)
            try #require(result.status == 0, "\(result.errors)")
            return url.appendingPathExtension("gz")
        }

        /// The disk that tests share, compressed.
        func disk() throws -> URL {
            try compress(folder.file("disk.raw", TestDisk.shared().bytes))
        }

        /// The disk with its last third missing.
        func cutDisk() throws -> URL {
            let whole = try Data(contentsOf: disk())
            return try folder.file("cut.raw.gz", whole.prefix(whole.count / 3 * 2))
        }
    }

    private func withWorkshop(_ body: (Workshop) throws -> Void) throws {
        try withTemporaryFolder { try body(Workshop(folder: $0)) }
    }

    private static let unknown =
        "the disk cannot be opened: gzip: the size of the data is not known until all of it has been decoded once"

    private func mebibytes(_ count: Int) -> String {
        let size = String(format: "%g", (Double(count) / 1_048_576 * 10).rounded() / 10)
        return "\(size) MiB (\(count) bytes)"
    }

    // MARK: info

    @Test func infoDecodesNothing() throws {
        try withWorkshop { shop in
            let gz = try shop.disk()
            let compressed = try Data(contentsOf: gz).count
            let result = try shop.vitrine("info", gz.path)
            #expect(result.status == 0)
            #expect(result.errors == "")
            #expect(
                result.output == """
                    disk.raw.gz: gzip, size not known yet: run vitrine index to find it

                    gzip
                      compressed  \(mebibytes(compressed))
                      name        disk.raw

                    the partitions were not read: \(Self.unknown)

                    """)
            let json = try shop.vitrine("info", "--json", gz.path)
            #expect(json.output.contains("\n  \"size\" : null,\n"))
            let report = try JSONDecoder().decode(Report.self, from: json.data)
            #expect(report.format == "gzip")
            #expect(report.size == nil)
            #expect(report.layers.map(\.format) == ["gzip"])
            #expect(report.layers[0].size == nil)
            #expect(report.layers[0].compressedSize == compressed)
            #expect(report.layers[0].originalName == "disk.raw")
            #expect(report.layers[0].index == nil)
            #expect(report.table == nil)
            #expect(report.notRead == Self.unknown)
            #expect(report.warnings == [])
            #expect(!shop.folder.appending(path: "cache/vitrine").exists)
        }
    }

    @Test func infoWithAnIndexTellsTheSize() throws {
        try withWorkshop { shop in
            let gz = try shop.disk()
            let indexed = try shop.vitrine("index", "-q", gz.path)
            try #require(indexed.status == 0, "\(indexed.errors)")
            let result = try shop.vitrine("info", gz.path)
            #expect(result.status == 0)
            #expect(result.errors == "")
            let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
                .map(String.init)
            try #require(lines.count >= 13, "\(result.output)")
            #expect(lines[0] == "disk.raw.gz: raw in gzip, 12 MiB (12582912 bytes)")
            #expect(lines[2] == "gzip")
            #expect(lines[4] == "  name          disk.raw")
            #expect(lines[5].wholeMatch(of: #/  seek index    complete, \d+ spans?/#) != nil, "\(lines[5])")
            #expect(lines[6].hasPrefix("  worst seek    "))
            #expect(lines[7].wholeMatch(of: #/  known zeroes  [89](\.\d)? MiB/#) != nil, "\(lines[7])")
            #expect(lines[9] == "partitions (GPT, 512-byte sectors)")
            #expect(lines[11] == "  p1  1048576  4 MiB  EFI System        boot")
            let json = try shop.vitrine("info", "--json", gz.path)
            let report = try JSONDecoder().decode(Report.self, from: json.data)
            #expect(report.size == TestDisk.size)
            #expect(report.layers.map(\.size) == [TestDisk.size, TestDisk.size])
            #expect(report.layers[0].index?.state == "complete")
            #expect(report.layers[0].index?.indexed == TestDisk.size)
            #expect(report.table?.scheme == "gpt")
            #expect(report.notRead == nil)
            // Where no index is used, nothing is known.
            let without = try shop.vitrine("info", "--no-index", gz.path)
            #expect(
                without.output.hasPrefix(
                    "disk.raw.gz: gzip, size not known yet: run vitrine index to find it\n"))
        }
    }

    // MARK: index

    @Test func indexIsMadeOnceAndVerified() throws {
        try withWorkshop { shop in
            let gz = try shop.disk()
            let first = try shop.vitrine("index", gz.path)
            #expect(first.status == 0)
            #expect(first.errors == "")
            let lines = first.output.split(separator: "\n").map(String.init)
            try #require(lines.count == 5, "\(first.output)")
            #expect(lines[0].hasPrefix("\(gz.path): indexed in "))
            #expect(lines[1].wholeMatch(of: #/  spans       \d+/#) != nil)
            #expect(lines[2].hasPrefix("  worst seek  "))
            #expect(lines[3].hasPrefix("  zeroes      "))
            #expect(lines[4].hasPrefix("  index size  "))
            let again = try shop.vitrine("index", "--verify", gz.path)
            #expect(again.status == 0, "\(again.errors)")
            #expect(again.output.hasPrefix("\(gz.path): already indexed: "))
            #expect(again.output.contains("\n\(gz.path): OK: "))
            let list = try shop.vitrine("index", "--list")
            #expect(list.output.contains("disk.raw.gz"), "\(list.output)")
            #expect(list.output.contains("  12 MiB  disk.raw.gz"), "\(list.output)")
        }
    }

    // MARK: The bytes

    @Test func copyGetsTheBytes() throws {
        try withWorkshop { shop in
            let gz = try shop.disk()
            // Without an index, which this makes, and with it.
            for _ in 0..<2 {
                let result = try shop.vitrine("copy", "-q", gz.path, "-")
                #expect(result.status == 0)
                #expect(result.errors == "")
                #expect(try result.data == TestDisk.shared().bytes)
            }
            let info = try shop.vitrine("info", gz.path)
            #expect(info.output.contains("  seek index    complete, "), "\(info.output)")
            let partition = try shop.vitrine("copy", "-q", "--partition", "2", gz.path, "-")
            #expect(try partition.data == TestDisk.shared().bytes[TestDisk.second])
        }
    }

    @Test(.needs(.nbdcopy)) func serveGivesTheBytes() throws {
        try withWorkshop { shop in
            let gz = try shop.disk()
            for options in [[], ["--no-index"]] {
                let copy = shop.folder.appending(path: "copy\(options.count)")
                let result = try Program(
                    [Vitrine.path(), "serve", gz.path, "--run", "nbdcopy \"$uri\" '\(copy.path)'"] + options
                ).wait()
                #expect(result.status == 0, "\(result.errors)")
                #expect(try Data(contentsOf: copy) == TestDisk.shared().bytes)
            }
        }
    }

    /// With the least memory, in which nothing of the disk stays.
    @Test func littleMemoryIsEnough() throws {
        try withWorkshop { shop in
            let gz = try shop.disk()
            let copy = shop.folder.appending(path: "copy")
            let result = try shop.vitrine("copy", "-q", "--memory", "16M", gz.path, copy.path)
            #expect(result.status == 0, "\(result.errors)")
            #expect(try Data(contentsOf: copy) == TestDisk.shared().bytes)
        }
    }

    @Test(.needs(.tar), arguments: ["disk.tar", "appliance.ova"])
    func archiveInGzip(_ name: String) throws {
        try withWorkshop { shop in
            _ = try shop.folder.file("disk.raw", TestDisk.shared().bytes)
            let tar = shop.folder.appending(path: name)
            let made = try Tool.tar.run("-C", shop.folder.path, "-cf", tar.path, "disk.raw")
            try #require(made.status == 0, "\(made.errors)")
            let gz = try shop.compress(tar)
            for _ in 0..<2 {
                let result = try shop.vitrine("copy", "-q", gz.path, "-")
                #expect(result.status == 0, "\(result.errors)")
                #expect(try result.data == TestDisk.shared().bytes)
            }
            let info = try shop.vitrine("info", gz.path)
            #expect(info.output.hasPrefix("\(name).gz: raw in tar in gzip, 12 MiB "), "\(info.output)")
        }
    }

    @Test(.needs(.qemuImg), arguments: [[], ["-c"]])
    func qcow2InGzip(_ options: [String]) throws {
        try withWorkshop { shop in
            let disk = try TestDisk.shared()
            let image = try QemuImage.convert(
                disk.raw, to: shop.folder.appending(path: "disk.qcow2"), options)
            let gz = try shop.compress(image.url)
            let result = try shop.vitrine("copy", "-q", gz.path, "-")
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.data == disk.bytes)
            let info = try shop.vitrine("info", gz.path)
            #expect(info.output.hasPrefix("disk.qcow2.gz: qcow2 in gzip, 12 MiB "), "\(info.output)")
        }
    }

    // MARK: Damage

    @Test func cutFileIsAnErrorThatNamesTheWayOut() throws {
        try withWorkshop { shop in
            let gz = try shop.cutDisk()
            let size = try Data(contentsOf: gz).count
            let copy = shop.folder.appending(path: "copy")
            for command in [["copy", "-q", gz.path, copy.path], ["index", gz.path]] {
                let result = try Program([Vitrine.path()] + command).wait()
                #expect(result.status == 1)
                #expect(result.output == "")
                #expect(
                    result.errors.hasPrefix(
                        "vitrine: \(gz.path): gzip: the deflate data ends at \(size), in the middle of "),
                    "\(result.errors)")
                #expect(result.errors.contains("; --recover serves "), "\(result.errors)")
                #expect(!copy.exists)
            }
        }
    }

    @Test func damagedFileIsAnErrorThatNamesTheWayOut() throws {
        try withWorkshop { shop in
            var bytes = try Data(contentsOf: shop.disk())
            // The CRC-32 at the end: all of the data is there.
            bytes[bytes.count - 8] ^= 1
            let gz = try shop.folder.file("damaged.raw.gz", bytes)
            let result = try shop.vitrine("copy", "-q", gz.path, "-")
            #expect(result.status == 1)
            #expect(result.data.isEmpty)
            #expect(
                result.errors.hasPrefix(
                    "vitrine: \(gz.path): gzip: CRC-32 of a member at \(bytes.count - 8) is 0x"))
            #expect(result.errors.contains("--recover"), "\(result.errors)")
            let recovered = try shop.vitrine("copy", "-q", "--recover", gz.path, "-")
            #expect(recovered.status == 0)
            #expect(try recovered.data == TestDisk.shared().bytes)
            #expect(
                recovered.errors.hasPrefix(
                    "vitrine: warning: gzip: CRC-32 of a member at \(bytes.count - 8) is 0x"))
        }
    }

    @Test func recoveryServesWhatIsThere() throws {
        try withWorkshop { shop in
            let gz = try shop.cutDisk()
            let size = try Data(contentsOf: gz).count
            let disk = try TestDisk.shared().bytes
            // First with no index, then with that of the first.
            for _ in 0..<2 {
                let result = try shop.vitrine("copy", "-q", "--recover", gz.path, "-")
                #expect(result.status == 0)
                #expect(result.data.count > 2 * TestDisk.mebibyte && result.data.count < disk.count)
                #expect(result.data == disk.prefix(result.data.count))
                #expect(
                    result.errors.hasPrefix(
                        "vitrine: warning: gzip: the deflate data ends at \(size), in the middle of "),
                    "\(result.errors)")
            }
        }
    }
}
