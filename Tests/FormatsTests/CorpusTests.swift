import FoundationEssentials
import TestSupport
import Testing
import VitrineFormats

/// Reads every file of the corpus: good ones give the right content, in full and at random; others end in their error.
@Suite struct CorpusTests {
    static let folder = CorpusFile.root.appending(path: "corpus")
    static let corpus = Result { try CorpusFile.all("corpus/manifest.tsv", in: folder) }

    /// Files made by other programs. They lie beside the checkout, or may be missing.
    static let wildFolder = CorpusFile.root.deletingLastPathComponent().appending(path: "shared/wild")
    static let xzFolder = wildFolder.appending(path: "xz-files")
    static let hasXZ = FileManager.default.fileExists(atPath: xzFolder.path)
    static let xz = Result { try CorpusFile.all("corpus/wild-xz.tsv", in: xzFolder) }
    static let qcow2Folder = wildFolder.appending(path: "dfvfs")
    static let hasQCOW2 = FileManager.default.fileExists(atPath: qcow2Folder.path)
    static let qcow2 = Result { try CorpusFile.all("corpus/wild-qcow2.tsv", in: qcow2Folder) }
    static let vmdkFolder = wildFolder.appending(path: "vmdk-forensic")
    static let hasVMDK = FileManager.default.fileExists(atPath: vmdkFolder.path)
    static let vmdk = Result { try CorpusFile.all("corpus/wild-vmdk.tsv", in: vmdkFolder) }
    static let tarFolder = wildFolder.appending(path: "tar-sparse")
    static let hasTar = FileManager.default.fileExists(atPath: tarFolder.path)

    @Test func manifestsCanBeRead() throws {
        #expect(try Self.corpus.get().count > 750)
        #expect(try Self.xz.get().count > 90)
        #expect(try Self.qcow2.get().count > 5)
        #expect(try Self.vmdk.get().count > 10)
        #expect(try Self.tarMembers.get().count > 10)
        #expect(try Self.warnings.get().count > 20)
    }

    @Test(arguments: (try? corpus.get()) ?? [])
    func readsOrRefuses(_ file: CorpusFile) throws {
        try check(file)
    }

    @Test(
        .enabled(if: hasXZ, "the xz project's test files are not there (../shared/wild/xz-files)"),
        arguments: hasXZ ? ((try? xz.get()) ?? []) : [])
    func readsOrRefusesWildXZ(_ file: CorpusFile) throws {
        try check(file)
    }

    @Test(
        .enabled(if: hasQCOW2, "the dfvfs project's test files are not there (../shared/wild/dfvfs)"),
        arguments: hasQCOW2 ? ((try? qcow2.get()) ?? []) : [])
    func readsOrRefusesWildQCOW2(_ file: CorpusFile) throws {
        try check(file)
    }

    @Test(
        .enabled(
            if: hasVMDK, "the vmdk-forensic project's test files are not there (../shared/wild/vmdk-forensic)"
        ),
        arguments: hasVMDK ? ((try? vmdk.get()) ?? []) : [])
    func readsOrRefusesWildVMDK(_ file: CorpusFile) throws {
        try check(file)
    }

    /// A file that names another without its format is refused, and reads right once the user gives the format.
    @Test(arguments: [
        ("refused-qcow2-backing-no-format.qcow2", "good-qcow2-backing-raw.qcow2"),
        ("refused-qcow2-backing-no-format-v2.qcow2", "good-qcow2-backing-raw.qcow2"),
    ])
    func readsWithTheFormatGiven(_ name: String, _ like: String) throws {
        let engine = Engine(memory: 64 << 20, threads: 2)
        let image = try Image.open(
            Self.folder.appending(path: name).path, OpenOptions(engine: engine, referenceFormat: "raw"))
        let backing = try Image.open(Self.folder.appending(path: "good-raw-qcow2-backing.raw").path)
        let own = try Image.open(Self.folder.appending(path: like).path)
        #expect(image.size == 40_960 && own.size == 40_960)
        // What neither has clusters for.
        for offset in [2048, 25_000, 30_000] as [UInt64] {
            #expect(
                try image.disk.bytes(at: offset, count: 2000) == backing.disk.bytes(at: offset, count: 2000))
        }
    }

    private func check(_ file: CorpusFile) throws {
        switch file.verdict {
        case .good: try checkGood(file)
        case .bad, .unsupported, .refused:
            let error = #expect(throws: ImageError.self) { try readAll(open(file)) }
            // What lies beside an image changes with the corpus.
            let text = error?.description.split(separator: "; the directory holds", maxSplits: 1).first
            #expect(text.map(String.init) == file.error)
            let codes: [ImageError.Code] =
                switch file.verdict {
                case .refused: [.refused]
                case .unsupported: [.unsupported, .limit]
                // What it names may be missing, which is the system's error.
                default: file.error.contains(": No such file or directory") ? [.io] : [.corrupt]
                }
            #expect(codes.contains { $0 == error?.code })
        }
    }

    private func checkGood(_ file: CorpusFile) throws {
        let image = try open(file)
        #expect(image.stack == file.layers)
        #expect(image.size == file.size)
        let content = try readAll(image)
        #expect(content.sha256 == file.sha256)

        // Anew, so that nothing is in the cache, and with little of one.
        let fresh = try open(file)
        var random = SeededGenerator(seed: 1)
        for count in [1, 511, 4096, 70_000, 700_000] where count <= content.count {
            for _ in 0..<12 {
                let offset = Int.random(in: 0...content.count - count, using: &random)
                let bytes = try fresh.disk.bytes(at: UInt64(offset), count: count)
                #expect(bytes == Array(content[offset..<offset + count]), "\(count) bytes at \(offset)")
            }
        }
        #expect(throws: ImageError.self) { try fresh.disk.bytes(at: file.size, count: 1) }
    }

    private func open(_ file: CorpusFile, snapshot: String? = nil) throws -> Image {
        try Self.open(file.path, snapshot: snapshot)
    }

    /// Opens the file at `path`, and the files beside it that it names. Errors do not contain the path.
    private static func open(_ path: String, snapshot: String? = nil) throws -> Image {
        let engine = Engine(memory: 64 << 20, threads: 2)
        do throws(ImageError) {
            return try Image.open(path, OpenOptions(engine: engine, snapshot: snapshot))
        } catch {
            var error = error
            #expect(error.path.first == path)
            error.path.removeFirst()
            throw error
        }
    }

    /// Reads the whole disk, in steps of 4 KiB so that the first read that fails is the last.
    private func readAll(_ image: Image) throws -> [UInt8] {
        var content: [UInt8] = []
        while UInt64(content.count) < image.size {
            let count = Int(min(4096, image.size - UInt64(content.count)))
            content += try image.disk.bytes(at: UInt64(content.count), count: count)
        }
        return content
    }
}

extension CorpusTests {
    /// A snapshot of a good file of the corpus.
    struct Snapshot: Sendable, CustomStringConvertible {
        let path: String
        /// The ID or the name of the snapshot.
        let snapshot: String
        let size: UInt64
        let sha256: String
        /// The error of opening it, or `-` if it can be opened.
        let error: String

        var description: String { "\(snapshot) of \(path.split(separator: "/").last ?? "")" }
    }

    static let snapshots = Result {
        try CorpusFile.rows("corpus/snapshots.tsv", columns: 5).map { row in
            Snapshot(
                path: folder.appending(path: row[0]).path, snapshot: row[1], size: UInt64(row[2]) ?? 0,
                sha256: row[3], error: row[4])
        }
    }

    @Test(arguments: try snapshots.get())
    func opensSnapshots(_ expected: Snapshot) throws {
        guard expected.error == "-" else {
            let error = #expect(throws: ImageError.self) {
                try readAll(Self.open(expected.path, snapshot: expected.snapshot))
            }
            #expect(error?.description == expected.error)
            return
        }
        let image = try Self.open(expected.path, snapshot: expected.snapshot)
        #expect(image.size == expected.size)
        #expect(try readAll(image).sha256 == expected.sha256)
    }

    /// The warnings of good gzip, qcow2 and VMDK files. A file without a row gives none.
    static let warnings = Result { try CorpusFile.rows("corpus/warnings.tsv", columns: 2) }

    @Test(
        arguments: try corpus.get().filter {
            $0.verdict == .good
                && (["qcow", "vmdk"].contains($0.layers.prefix(4)) || $0.layers.contains("gzip"))
        })
    func warns(_ file: CorpusFile) throws {
        let expected = try Self.warnings.get().filter { $0[0] == file.name }.map { $0[1] }
        #expect(try open(file).warnings.filter { !$0.hasPrefix("partition table") } == expected)
    }
}

extension CorpusTests {
    /// A member of an archive that lies beside the checkout.
    struct TarMember: Sendable, CustomStringConvertible {
        let archive: String
        let member: String
        let size: UInt64
        let sha256: String

        var description: String { "\(member) of \(archive)" }
    }

    static let tarMembers = Result {
        try CorpusFile.rows("corpus/wild-tar.tsv", columns: 4).map { row in
            TarMember(archive: row[0], member: row[1], size: UInt64(row[2]) ?? 0, sha256: row[3])
        }
    }

    @Test(
        .enabled(if: hasTar, "the ratarmount project's test files are not there (../shared/wild/tar-sparse)"),
        arguments: hasTar ? ((try? tarMembers.get()) ?? []) : [])
    func readsWildTar(_ expected: TarMember) throws {
        let image = try DiskChecks.open(
            Self.tarFolder.appending(path: expected.archive), member: SystemString(expected.member))
        #expect(image.stack == "raw in tar")
        #expect(image.size == expected.size)
        #expect(try readAll(image).sha256 == expected.sha256)
    }
}

extension [UInt8] {
    /// The SHA-256 hash in hexadecimal.
    fileprivate var sha256: String {
        var hash = SHA256()
        hash.update(span)
        return hash.digest().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
