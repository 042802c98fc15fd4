import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

/// Checks that other places that mention formats agree with the list of formats.
@Suite struct RegistryTests {
    private static func text(_ path: String) throws -> String {
        try String(contentsOf: CorpusFile.root.appending(path: path), encoding: .utf8)
    }

    private static func folders(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: CorpusFile.root.appending(path: path).path)
            .sorted()
    }

    @Test func namesAndExtensionsAreUnique() {
        let formats = Format.all
        #expect(Set(formats.map(\.name)).count == formats.count)
        let extensions = formats.flatMap(\.extensions)
        #expect(Set(extensions).count == extensions.count)
        #expect(extensions.allSatisfy { $0 == $0.lowercased() })
        #expect(formats.last?.name == Format.raw.name)
    }

    @Test func readmeListsWhatIsRefused() throws {
        let readme = try Self.text("README.md")
        let item = try #require(readme.range(of: "- **Other formats**"))
        let start = try #require(readme.range(of: "so far:", range: item.upperBound..<readme.endIndex))
        let end = try #require(readme.range(of: "\n- ", range: start.upperBound..<readme.endIndex))
        let list = readme[start.upperBound..<end.lowerBound].replacing(/\s+/, with: " ")
        let named = list.split { $0 == "," || $0 == ";" }.map {
            $0.trimmingCharacters(in: .whitespaces).replacing(/\.$/, with: "")
        }
        #expect(Set(named) == Set(Format.foreign.map { $0.title ?? $0.name }))
    }

    @Test func readmeAndArchitectureNameWhatIsOpened() throws {
        for path in ["README.md", "docs/architecture.md"] {
            let words = Set(
                try Self.text(path).split { !$0.isLetter && !$0.isNumber }.map { $0.lowercased() })
            for format in Format.known { #expect(words.contains(format.name), "\(format.name) in \(path)") }
        }
    }

    /// Each folder of a format has a fuzz target, and is a layer. Raw takes any bytes as they are.
    @Test func everyFolderOfAFormatIsFuzzedAndChecked() throws {
        let targets = try Self.folders("tools/fuzz")
        let layers = try Self.text("tools/check-layers")
        for kind in ["Wrappers", "Disks"] {
            for folder in try Self.folders("Sources/Formats/\(kind)") {
                #expect(layers.contains("\"Formats/\(kind)/\(folder)\""))
                guard folder != "Raw" else { continue }
                #expect(targets.contains { $0.hasPrefix(folder.lowercased()) }, "\(folder)")
            }
        }
    }

    /// What has kept inputs is run by CI, and by the script.
    @Test func everyFuzzTargetIsListed() throws {
        let list = try Self.text("tools/fuzz/support/FuzzTarget.swift")
        let script = try Self.text("tools/fuzz/run")
        let names = try #require(script.firstMatch(of: /\nnames=\((.*)\)\n/)).1.split(separator: " ")
        let targets = try Self.folders("tools/fuzz").filter {
            CorpusFile.root.appending(path: "tools/fuzz/\($0)/kept").exists
        }
        #expect(targets == names.map(String.init).sorted())
        for target in targets { #expect(list.contains("name: \"\(target)\"")) }
    }

    @Test(arguments: [
        ("disk.img", true), ("disk.RAW", true), ("disk.qcow2.xz", true), ("disk.img.gz", true),
        ("a.vhd.xz.bz2", true),
        ("disk.ova", false), ("disk.img.tar", false), ("img", false), (".img", true), ("disk.iso.txt", false),
        ("disk.xz", false), ("xz", false), ("", false), (".", false), ("disk.img.", false),
    ])
    func namesOfDisks(_ name: String, _ isDisk: Bool) {
        #expect(Registry().isNamedAsDisk(name) == isDisk)
    }
}
