import Foundation
import TestSupport
import Testing
import VitrineFormats

/// Compares the good VMDK files of the corpus with qemu's reading of them.
@Suite(.needs(.nbdinfo, .qemuImg))
struct VMDKCorpusTests {
    static let names = Result {
        try CorpusTests.corpus.get().filter { $0.verdict == .good && $0.layers == "vmdk" }.map(\.name)
    }

    /// Files that qemu does not open, as corpus/README.md says.
    static let refused = named([
        "2gb-sparse-other-name", "2gb-sparse-s001", "2gb-sparse-s002", "2gb-sparse-s003", "child-2gb-s001",
        "child-2gb-s002", "cowd-4k-extent", "cowd-extent", "delta-cowd", "descriptor-damaged",
        "descriptor-empty",
        "flat-no-offset",
        "no-descriptor", "qemu-2gb-sparse-s001", "stream-extent", "stream-in-descriptor",
        "stream-footer-at-end", "stream-footer-cut", "stream-footer-grain", "stream-footer-magic",
        "stream-footer-none", "stream-no-descriptor", "stream-no-end", "stream-padded",
        "stream-sector-1-extent",
        "stream-sector-1-footer",
        "stream-trailing-noise", "stream-trailing-text", "text-bare", "text-gbk",
        "text-loose",
        "text-no-quotes", "text-quotes", "text-windows-1252", "vmfs-offset", "vmfseagerzeroedthick",
        "vmfspreallocated", "vmfsthin", "zero",
    ])

    /// Files in which qemu finds something else, as that file says: it skips extents and redundant tables.
    static let different = named([
        "2gb-sizes", "access", "directory-outside", "stream-footer-capacity", "stream-footer-directory-0",
        "stream-footer-directory-outside", "table-outside", "zero-2gb",
    ])

    /// Files that qemu reads alike, but by other tables: it takes a directory entry of 1 for a table's place.
    static let sameContent = named(["table-of-zeroes"])

    private static func named(_ names: [String]) -> [String] { names.map { "good-vmdk-\($0).vmdk" } }

    /// Calls `body` with the file `name` of the corpus, in a folder that accepts other files.
    private func withImage(_ name: String, _ body: (QemuImage) throws -> Void) throws {
        try withTemporaryFolder { folder in
            for other in try FileManager.default.contentsOfDirectory(atPath: CorpusTests.folder.path)
            where other.contains("-vmdk-") {
                try FileManager.default.createSymbolicLink(
                    at: folder.appending(path: other),
                    withDestinationURL: CorpusTests.folder.appending(path: other))
            }
            try body(QemuImage(folder.appending(path: name), format: "vmdk"))
        }
    }

    @Test func namesAreThose() throws {
        let names = try Self.names.get()
        #expect(names.count > 90)
        #expect(Set(Self.refused + Self.different + Self.sameContent).isSubset(of: names))
    }

    @Test(arguments: try names.get().filter { !(refused + different + sameContent).contains($0) })
    func sameAsQemu(_ name: String) throws {
        try withImage(name) { try DiskChecks.expectSameAsQemu($0) }
    }

    @Test(arguments: sameContent)
    func sameContentAsQemu(_ name: String) throws {
        try withImage(name) { try DiskChecks.expect(DiskChecks.open($0.url).disk, reads: $0.content()) }
    }

    @Test(arguments: refused)
    func refusedByQemu(_ name: String) throws {
        try withImage(name) { image in
            #expect(throws: TestFailure.self) { try image.content() }
        }
    }

    @Test(arguments: different)
    func differentInQemu(_ name: String) throws {
        try withImage(name) { image in
            let content = try image.content()
            let disk = try DiskChecks.open(image.url).disk
            let isSame = try disk.bytes(at: 0, count: Int(disk.size)) == content
            #expect(!isSame)
        }
    }
}
