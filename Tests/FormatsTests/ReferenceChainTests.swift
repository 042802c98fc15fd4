import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

/// Files that name files: the limits of following them, and the formats they are opened as.
@Suite struct ReferenceChainTests {
    private func expectError(
        _ code: ImageError.Code, _ text: String, remedy: Remedy? = nil, opening path: String,
        _ options: OpenOptions = OpenOptions(), sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: ImageError.self, sourceLocation: sourceLocation) {
            try ReferringImage.open(path, options)
        }
        #expect(error?.description == text, sourceLocation: sourceLocation)
        #expect(error?.code == code, sourceLocation: sourceLocation)
        #expect(error?.remedy == remedy, sourceLocation: sourceLocation)
    }

    /// Makes files called 0, 1 and so on in `folder`, each naming the next.
    private func chain(of count: Int, in folder: URL) throws -> String {
        for number in 0..<count {
            _ = try folder.file("\(number)", ReferringImage.line("\(number + 1)"))
        }
        _ = try folder.file("\(count)", "the end")
        return folder.path + "/0"
    }

    // MARK: How far

    @Test func twoHundredFilesInAChain() throws {
        try withTemporaryFolder { folder in
            let disk = try ReferringImage.open(chain(of: 200, in: folder))
            #expect(try disk.text == "the end")
        }
    }

    /// The error names both ends.
    @Test(arguments: [201, 300])
    func moreFilesInAChain(_ count: Int) throws {
        try withTemporaryFolder { folder in
            let way =
                "backing file \"1\": referring: backing file \"2\": referring: backing file \"3\": referring: "
                + "backing file \"4\": …: backing file \"199\": referring: backing file \"200\": referring: "
            try expectError(
                .limit,
                way
                    + "backing file \"201\" is not opened: at most 200 files may form a chain, each naming the "
                    + "next",
                opening: chain(of: count, in: folder))
        }
    }

    private let endless = "is already part of the chain of files that leads to it, so the chain has no end"

    @Test func fileThatNamesItself() throws {
        try withTemporaryFolder { folder in
            for (name, role) in [
                ("a", Reference.Role.backingFile), ("b", .dataFile), ("c", .extent), ("d", .parent),
            ] {
                let image = try folder.file(name, ReferringImage.line(name, role))
                expectError(.corrupt, "\(role.rawValue) \"\(name)\" \(endless)", opening: image.path)
            }
        }
    }

    @Test func fileThatNamesItselfByAnotherName() throws {
        try withTemporaryFolder { folder in
            let image = try folder.file("a", ReferringImage.line("link"))
            try FileManager.default.linkItem(at: image, to: folder.appending(path: "link"))
            expectError(.corrupt, "backing file \"link\" \(endless)", opening: image.path)
        }
    }

    @Test func filesThatNameOneAnother() throws {
        try withTemporaryFolder { folder in
            let image = try folder.file("a", ReferringImage.line("b"))
            _ = try folder.file("b", ReferringImage.line("c"))
            _ = try folder.file("c", ReferringImage.line("./b"))
            expectError(
                .corrupt,
                "backing file \"b\": referring: backing file \"c\": referring: backing file \"./b\" \(endless)",
                opening: image.path)
        }
    }

    /// Two extents may lie in one file.
    @Test func fileThatIsNamedTwice() throws {
        try withTemporaryFolder { folder in
            let line = ReferringImage.line("data", .extent)
            let image = try folder.file("a", line + line + ReferringImage.line("data", format: "raw"))
            _ = try folder.file("data", "the data")
            #expect(try ReferringImage.open(image.path).text == "the data")
        }
    }

    @Test func filesInAll() throws {
        try ReferenceFolders.with { folders in
            let gate = try folders.gate()
            for _ in 0..<4096 { _ = try gate.text(of: "base", .extent) }
            gate.expect(
                .limit, "base",
                "extent \"base\" is not opened: vitrine opens at most 4096 other files for an image",
                .extent)
        }
    }

    // MARK: From where

    /// A name is relative to the file that contains it.
    @Test func namesInOtherDirectories() throws {
        try ReferenceFolders.with { folders in
            let image = try folders.images.file("image", ReferringImage.line("sub/middle"))
            _ = try folders.images.file("sub/middle", ReferringImage.line("../last"))
            _ = try folders.images.file("last", ReferringImage.line("sub/deep", .dataFile))
            #expect(try ReferringImage.open(image.path).text == "deep inside")
        }
    }

    @Test func namesInAnotherAllowedDirectory() throws {
        try ReferenceFolders.with { folders in
            let image = try folders.images.file("image", ReferringImage.line("../other/middle"))
            _ = try folders.top.file("other/middle", ReferringImage.line("base", format: "raw"))
            let options = OpenOptions(references: .folders([SystemString(folders.top.path + "/other")]))
            #expect(try ReferringImage.open(image.path, options).text == "other")
            // And back from there.
            _ = try folders.top.file("other/middle", ReferringImage.line("../images/base", format: "raw"))
            #expect(try ReferringImage.open(image.path, options).text == "inside")
        }
    }

    /// The name counts by which the file was opened, not the place that a link at its end leads to.
    @Test func namesInAFileBehindALink() throws {
        try ReferenceFolders.with { folders in
            let image = try folders.images.file("image", ReferringImage.line("link"))
            _ = try folders.images.file("sub/middle", ReferringImage.line("base", format: "raw"))
            try folders.link("images/link", to: "sub/middle")
            #expect(try ReferringImage.open(image.path).text == "inside")
            try FileManager.default.removeItem(at: folders.images.appending(path: "sub/middle"))
            _ = try folders.top.file("other/middle", ReferringImage.line("base", format: "raw"))
            try FileManager.default.removeItem(at: folders.images.appending(path: "link"))
            try folders.link("images/link", to: "../other/middle")
            let options = OpenOptions(references: .folders([SystemString(folders.top.path + "/other")]))
            #expect(try ReferringImage.open(image.path, options).text == "inside")
        }
    }

    @Test func backingFilesAreKeptInsideToo() throws {
        try ReferenceFolders.with { folders in
            let image = try folders.images.file("image", ReferringImage.line("sub/middle"))
            _ = try folders.images.file("sub/middle", ReferringImage.line("../../secret", format: "raw"))
            expectError(
                .refused,
                "backing file \"sub/middle\": referring: backing file \"../../secret\" lies outside the image's "
                    + "directory", remedy: .anotherDirectory, opening: image.path)
        }
    }

    // MARK: As what

    @Test func rawIsNeverProbed() throws {
        try withTemporaryFolder { folder in
            let content = "backing file raw /etc/passwd\n"
            _ = try folder.file("base", content)
            let image = try folder.file("image", ReferringImage.line("base", format: "raw"))
            #expect(try ReferringImage.open(image.path).text == content)
        }
    }

    @Test func formatThatIsNotRecorded() throws {
        try withTemporaryFolder { folder in
            _ = try folder.file("base", "the data")
            let image = try folder.file("image", ReferringImage.line("base", format: "-"))
            expectError(
                .refused,
                "backing file \"base\" is recorded without its format, and vitrine guesses none",
                remedy: Remedy(.referenceFormat, "FORMAT", "gives it"), opening: image.path)
            #expect(
                try ReferringImage.open(image.path, OpenOptions(referenceFormat: "raw")).text == "the data")
            // What is recorded counts.
            _ = try folder.file("image", ReferringImage.line("base", format: "raw"))
            #expect(
                try ReferringImage.open(image.path, OpenOptions(referenceFormat: "referring")).text
                    == "the data")
            // What is taken as it is needs no format.
            _ = try folder.file("image", ReferringImage.line("base", .dataFile, format: "-"))
            #expect(try ReferringImage.open(image.path).text == "the data")
        }
    }

    @Test func formatThatDoesNotExist() throws {
        try withTemporaryFolder { folder in
            _ = try folder.file("base", "the data")
            let image = try folder.file("image", ReferringImage.line("base", format: "v\u{1B}di"))
            expectError(
                .unsupported,
                "backing file \"base\": there is no format \"v\\u{1B}di\"; known are xz, gzip, tar, qcow2, qcow, vmdk, raw",
                opening: image.path)
            let error = #expect(throws: ImageError.self) {
                try Image.open(image.path, OpenOptions(referenceFormat: "vdi"))
            }
            #expect(
                error?.description
                    == "\(image.path): format of references: there is no format \"vdi\"; known are xz, gzip, tar, qcow2, qcow, vmdk, raw"
            )
        }
    }

    /// Content in a wrapper is probed, as in an image.
    @Test func formatThatIsAWrapper() throws {
        try withTemporaryFolder { folder in
            let image = try folder.file("image", ReferringImage.line("base.xz", format: "xz"))
            _ = try folder.file("base.xz", Data(XZFile.encode(Array("the data".utf8))))
            #expect(try ReferringImage.open(image.path).text == "the data")
            _ = try folder.file("base.xz", Data(XZFile.encode(Array("BZh91AY&SY".utf8))))
            expectError(
                .unsupported,
                "backing file \"base.xz\": bzip2 in xz: this format cannot be read yet",
                remedy: Remedy(.format, "raw", "takes the file's own bytes as the disk"), opening: image.path)
            _ = try folder.file("base.xz", "no xz at all")
            expectError(
                .corrupt,
                "backing file \"base.xz\": xz: the file is 12 bytes long, expected a multiple of 4 from 32 up: "
                    + "it is cut short, or something else follows the xz data", opening: image.path)
        }
    }

    @Test func theTreeOfFilesIsKept() throws {
        try withTemporaryFolder { folder in
            let image = try folder.file("image", ReferringImage.line("a"))
            _ = try folder.file("a", ReferringImage.line("b"))
            _ = try folder.file("b", "the end")
            let root = ImageFile("image", MemorySource([0]))
            let references = try ReferringImage.gate(image.path).references(of: root)
            _ = try references.open(Reference(.backingFile, Array("a".utf8), format: "referring"))
            #expect(root.all.map(\.name) == ["image", "backing file \"a\"", "backing file \"b\""])
            #expect(root.references.map { $0.references.count } == [1])
            #expect(root.references[0].references[0].layers.map(\.format) == ["referring"])
            #expect(root.all.dropFirst().allSatisfy { $0.file != nil })
        }
    }

    @Test func whatIsToBeKnownOfThem() throws {
        try withTemporaryFolder { folder in
            let image = try folder.file("image", ReferringImage.line("a"))
            _ = try folder.file("a", ReferringImage.line("b"))
            _ = try folder.file("b", "the end")
            let gate = try ReferringImage.gate(image.path)
            let root = ImageFile("image", MemorySource([0]))
            _ = try gate.references(of: root)
                .open(Reference(.backingFile, Array("a".utf8), format: "referring"))
            #expect(
                gate.warnings == [
                    "backing file \"b\": referring: is made up", "backing file \"a\": referring: is made up",
                ])
            let files = try ["a", "b"].map { try FileSource(path: folder.path + "/" + $0).stamp()?.identity }
            #expect(root.all.compactMap(\.file?.identity) == files.compactMap(\.self))
        }
    }
}
