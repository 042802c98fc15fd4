import Foundation
import TestSupport

/// A disk with two partitions, data of several kinds and holes: as a sparse file, and as .xz in blocks
/// of 1 MiB.
///
///      0 MiB  partition table
///      1 MiB  noise; partition 1 starts
///      2 MiB  0xA5
///      3 MiB  hole; partition 1 ends at 5 MiB, where partition 2 starts
///      6 MiB  noise
///      7 MiB  hole
///     10 MiB  text, 64 KiB
///     12 MiB  the end, after the backup partition table
struct TestDisk {
    static let mebibyte = 1 << 20
    static let size = 12 * mebibyte
    static let pattern = 2 * mebibyte..<3 * mebibyte
    static let holes = [3 * mebibyte..<6 * mebibyte, 7 * mebibyte..<10 * mebibyte]
    static let first = 1 * mebibyte..<5 * mebibyte
    static let second = 5 * mebibyte..<11 * mebibyte

    /// The file that the disk is served from.
    enum Form: CaseIterable {
        case raw
        case xz
    }

    let raw: URL
    let xz: URL
    let bytes: Data

    func file(_ form: Form) -> URL { form == .raw ? raw : xz }

    /// The disk that tests share, and only read. It goes when the process ends.
    static func shared() throws -> TestDisk { try made.get() }

    private static let folder = FileManager.default.temporaryDirectory
        .appending(path: "vitrine-disk-\(UUID().uuidString)", directoryHint: .isDirectory)

    private static let made = Result {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        atexit { try? FileManager.default.removeItem(at: TestDisk.folder) }
        return try TestDisk(in: folder)
    }

    private init(in folder: URL) throws {
        raw = folder.appending(path: "disk.raw")
        xz = folder.appending(path: "disk.raw.xz")
        try Self.writeContents(to: raw)
        try Self.writePartitionTable(to: raw, script: folder.file("table", Self.table))
        let compressed = try Tool.xz.run("-k", "-1", "--block-size=1MiB", raw.path)
        guard compressed.status == 0 else { throw TestFailure("xz: \(compressed.errors)") }
        bytes = try Data(contentsOf: raw)
    }

    private static func writeContents(to url: URL) throws {
        try Data().write(to: url)
        let file = try FileHandle(forWritingTo: url)
        try file.truncate(atOffset: UInt64(size))
        for offset in [1, 6] {
            var generator = SeededGenerator(seed: UInt64(offset))
            let noise = (0..<mebibyte / 8).flatMap { _ in big(generator.next()) }
            try file.seek(toOffset: UInt64(offset * mebibyte))
            try file.write(contentsOf: Data(noise))
        }
        try file.seek(toOffset: UInt64(pattern.lowerBound))
        try file.write(contentsOf: Data(repeating: 0xA5, count: pattern.count))
        try file.seek(toOffset: UInt64(10 * mebibyte))
        try file.write(
            contentsOf: Data(String(repeating: "Lorem ipsum, 32 bytes of them. \n", count: 2048).utf8))
        try file.close()
    }

    private static let table = """
        label: gpt
        start=2048, size=8192, type=uefi, name=boot
        start=10240, size=12288, type=linux, name=root

        """

    private static func writePartitionTable(to disk: URL, script: URL) throws {
        guard let sfdisk = Tool.sfdisk.path else { throw TestFailure(Tool.sfdisk.advice) }
        let result = try Program(
            [sfdisk, "--quiet", disk.path], input: FileHandle(forReadingFrom: script)
        ).wait()
        guard result.status == 0 else { throw TestFailure("sfdisk: \(result.errors)") }
    }
}
