import Foundation
import Testing
import TestSupport
import VitrineFormats
@testable import VitrineIndex
@testable import vitrine

/// Reports on the indexes in the cache, and the questions asked about them.
struct IndexCacheReportTests {
    private static func entry(_ size: UInt64, used: Int64, _ summary: IndexCache.Summary?) -> IndexCache.Entry
    {
        IndexCache.Entry(
            fingerprint: String(repeating: "0123456789abcdef", count: 4), fileSize: size, lastUse: used,
            summary: summary)
    }

    private static let entries = [
        entry(
            11 << 20, used: 7_000_000_000_000,
            IndexCache.Summary(name: "debian.raw.xz", layerSize: 2 << 30, indexed: 2 << 30, spans: 93)),
        entry(
            512 << 10, used: 1_000_000_000_000,
            IndexCache.Summary(name: "other.xz", layerSize: 1000, indexed: 426, spans: 3)),
        entry(7, used: 9_000_000_000_000, nil),
    ]

    @Test func listOfIndexes() {
        #expect(IndexCacheReport.list([], in: "/cache", now: 0) == "/cache: no indexes")
        #expect(
            IndexCacheReport.list(Self.entries, in: "/cache", now: 7_012_000_000_000) == """
                /cache: 3 indexes, 11.5 MiB
                  11 MiB   used 12 s ago        complete  debian.raw.xz
                  512 KiB  used 1 h 40 min ago  42 %      other.xz
                  7 bytes  used 0 ms ago        unusable  0123456789abcdef…
                """)
    }

    @Test func whatIsRemoved() {
        #expect(
            IndexCacheReport.pruned([Self.entries[0]], left: [Self.entries[1]])
                == "removed 1 index, 11 MiB; 512 KiB left")
    }

    @Test(arguments: [
        ([], "Give the images to index, or --list or --prune."),
        (["a", "--list"], "--list and --prune are about the cache: give no images with them."),
        (["--list", "--limit", "1G"], "--limit can only be used with --prune."),
        (["--prune", "--limit", "few"], "The value 'few' is invalid for '--limit <size>'"),
    ])
    func optionsThatMakeNoSense(_ options: [String], _ text: String) throws {
        let result = try Program([Vitrine.path(), "index"] + options).wait()
        #expect(result.status == 64)
        #expect(result.errors.contains("Error: \(text)"), "\(result.errors)")
    }

    @Test func emptyCache() throws {
        try withTemporaryFolder { folder in
            let result = try Vitrine.run(
                "index", "--prune", "--list", environment: ["XDG_CACHE_HOME": folder.path])
            #expect(result.status == 0)
            #expect(
                result.output
                    == "removed 0 indexes, 0 bytes; 0 bytes left\n\(folder.path)/vitrine: no indexes\n")
        }
    }
}
