import Foundation
import Testing
import VitrineFormats

/// The partitions of the corpus, as partitions.tsv lists them: written and read by other programs.
@Suite struct PartitionCorpusTests {
    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "corpus")

    struct Row: Equatable, Sendable {
        var number: Int
        var start: UInt64
        var size: UInt64
        var type: String
        var name: String
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var file: String
        var rows: [Row]
        var testDescription: String { file }
    }

    /// Every good file of manifest.tsv, with its rows of partitions.tsv, if it has any.
    static let cases: [Case] = {
        let rows = Dictionary(grouping: table("partitions.tsv")) { $0[0] }
        return table("manifest.tsv").filter { $0[1] == "good" }.map { columns in
            Case(file: columns[0], rows: rows[columns[0], default: []].compactMap(row))
        }
    }()

    /// The lines of a table, split, without the header. Empty if the table is missing or malformed.
    static func table(_ name: String) -> [[String]] {
        guard let text = try? String(contentsOf: folder.appending(path: name), encoding: .utf8) else {
            return []
        }
        return text.split(separator: "\n").dropFirst().map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }.filter { $0.count == 6 }
    }

    static func row(_ columns: [String]) -> Row? {
        guard let number = Int(columns[1]), let start = UInt64(columns[2]), let size = UInt64(columns[3]),
            let name = unescaped(columns[5])
        else { return nil }
        return Row(number: number, start: start, size: size, type: columns[4], name: name)
    }

    /// Undoes the table's notation of a name: `-` for none, JSON's escapes for text that is not plain.
    static func unescaped(_ text: String) -> String? {
        if text == "-" { return "" }
        return try? JSONDecoder().decode(String.self, from: Data("\"\(text)\"".utf8))
    }

    /// A type in the table's notation: MBR types as in sfdisk, in hexadecimal without prefix or leading zeroes.
    static func sfdiskType(_ type: String) -> String {
        guard type.hasPrefix("0x"), let value = UInt8(type.dropFirst(2), radix: 16) else { return type }
        return String(value, radix: 16)
    }

    @Test func corpusIsThere() {
        #expect(
            Self.cases.filter { !$0.rows.isEmpty }.count >= 40,
            "corpus/partitions.tsv is missing, or most of it")
        #expect(
            Self.cases.map(\.rows.count).reduce(0, +) == Self.table("partitions.tsv").count,
            "a row of partitions.tsv makes no sense, or is for a file that is not good in manifest.tsv")
    }

    @Test(arguments: cases)
    func partitions(_ expected: Case) throws {
        let image = try Image.open(Self.folder.appending(path: expected.file).path)
        let found = (image.partitionTable?.partitions ?? []).map {
            Row(
                number: $0.number, start: $0.range.lowerBound,
                size: $0.range.upperBound - $0.range.lowerBound,
                type: Self.sfdiskType($0.type), name: $0.name)
        }
        #expect(found == expected.rows)
    }

    /// Checks what the tables of the corpus do not tell: the scheme, also of a table without partitions, and the
    /// warnings.
    @Test(arguments: [
        ("good-mbr-no-partitions.raw.xz", "mbr", 0), ("good-gpt-no-partitions.raw.xz", "gpt", 0),
        ("good-gpt-both-crc.raw.xz", "gpt", 2), ("good-gpt-count-max-both.raw.xz", "gpt", 2),
        ("good-gpt-primary-crc.raw.xz", "gpt", 2), ("good-gpt-hybrid.raw.xz", "gpt", 0),
        ("good-gpt-backup-cut-off.raw.xz", "gpt", 1), ("good-gpt-4096.raw.xz", "gpt", 0),
        ("good-mbr-ebr-loop.raw.xz", "mbr", 1), ("good-mbr-extended-unsorted.raw.xz", "mbr", 0),
        ("good-gpt-no-protective-mbr.raw.xz", nil, 0), ("good-fs-ext2.raw.xz", nil, 0),
        ("good-fs-fat.raw.xz", nil, 0), ("good-fs-fat-boot-code.raw.xz", nil, 0),
        ("good-fs-fat32.raw.xz", nil, 0), ("good-raw-1-byte.raw", nil, 0),
    ])
    func schemes(_ file: String, _ scheme: String?, _ warnings: Int) throws {
        let table = try Image.open(Self.folder.appending(path: file).path).partitionTable
        #expect(table?.scheme.rawValue == scheme)
        #expect(table?.warnings.count ?? 0 == warnings)
    }
}
