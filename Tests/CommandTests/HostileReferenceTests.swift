import Foundation
import Glibc
import TestSupport
import Testing

/// Images that name files that are none of their business. They are described, and not read.
@Suite struct HostileReferenceTests {
    /// Expects that no command reads the disk in the image at `path`, and that the image is described anyway. Returns
    /// the description.
    @discardableResult
    private func expectRefused(
        _ path: String, _ text: String, _ options: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        try ReferenceRefusal.expect(path, "qcow2", text, options, sourceLocation)
    }

    static let refused = Result {
        try CorpusFile.all("corpus/manifest.tsv", in: CorpusFile.root.appending(path: "corpus"))
            .filter { $0.verdict == .refused && $0.error.hasPrefix("qcow2: ") }
    }

    /// The options that help against an error, by its end.
    private static let remedies = [
        "lies outside the image's directory": "; --allow-references DIR allows another directory",
        "vitrine guesses none": "; --reference-format FORMAT gives it",
    ]

    /// Names such as `/etc/shadow`, `json:` and `nbd:`.
    @Test(arguments: try refused.get())
    func corpusFile(_ file: CorpusFile) throws {
        let error = file.error.dropFirst("qcow2: ".count)
        let remedy = Self.remedies.first { error.hasSuffix($0.key) }?.value ?? ""
        let report = try expectRefused(file.path, error + remedy)
        if let start = error.firstIndex(of: "\""), let end = error.lastIndex(of: "\"") {
            #expect(report.contains("  \(error[error.index(after: start)..<end])\n"))
        }
    }

    @Test func thereAreThoseOfTheCorpus() throws {
        #expect(try Self.refused.get().count > 15)
    }

    @Test func linkThatLeadsOut() throws {
        try withTemporaryFolder { folder in
            let images = folder.appending(path: "images")
            try FileManager.default.createDirectory(at: images, withIntermediateDirectories: false)
            let secret = try folder.file("secret", String(repeating: "secret, 16 bytes", count: 2048))
            let watch = try FileWatch(secret)
            let manager = FileManager.default
            try manager.createSymbolicLink(atPath: images.path + "/link", withDestinationPath: "../secret")
            try manager.createSymbolicLink(atPath: images.path + "/folder", withDestinationPath: "..")
            let text = "lies outside the image's directory; --allow-references DIR allows another directory"
            let overlay = try HostileImage(backing: "link", format: "raw").write("overlay", in: images)
            try expectRefused(overlay.path, "backing file \"link\" \(text)")
            let data = try HostileImage(dataFile: "folder/secret").write("data", in: images)
            try expectRefused(data.path, "data file \"folder/secret\" \(text)")
            #expect(!watch.wasOpened)
            // With leave it is another matter, which shows that the watch notices.
            let copy = try Vitrine.run("copy", overlay.path, "-", "--allow-references", folder.path)
            #expect(copy.status == 0)
            let isSame = try copy.data == Data(contentsOf: secret)
            #expect(isSame)
            #expect(watch.wasOpened)
        }
    }

    /// Waiting for someone to write to the pipe would be no answer.
    @Test func namedPipe() throws {
        try withTemporaryFolder { folder in
            let pipe = folder.appending(path: "pipe")
            try #require(unsafe mkfifo(pipe.path, 0o600) == 0)
            let watch = try FileWatch(pipe)
            let overlay = try HostileImage(backing: "pipe", format: "raw").write("overlay", in: folder)
            try expectRefused(
                overlay.path, "backing file \"pipe\" is a named pipe; only regular files are opened")
            let data = try HostileImage(dataFile: "pipe").write("data", in: folder)
            try expectRefused(data.path, "data file \"pipe\" is a named pipe; only regular files are opened")
            #expect(!watch.wasOpened)
        }
    }

    /// Files that may be opened are not opened either, if an image that names them is only described.
    @Test func describingOpensNothing() throws {
        try withTemporaryFolder { folder in
            let base = try folder.file("base", String(repeating: "base, 16 bytes. ", count: 2048))
            let watch = try FileWatch(base)
            for image in [
                try HostileImage(backing: "base", format: "raw").write("overlay", in: folder),
                try HostileImage(dataFile: "base").write("data", in: folder),
            ] {
                for arguments in [["info", image.path], ["info", image.path, "--json"]] {
                    let result = try Program([Vitrine.path()] + arguments).wait()
                    #expect(result.status == 0)
                    #expect(!watch.wasOpened)
                }
                let copy = try Vitrine.run("copy", image.path, "-")
                #expect(copy.status == 0, "\(copy.errors)")
                #expect(watch.wasOpened)
            }
        }
    }

    @Test(arguments: ["bad-qcow2-backing-itself.qcow2", "bad-qcow2-backing-circle-1.qcow2"])
    func chainWithoutAnEnd(_ name: String) throws {
        let files = try CorpusFile.all(
            "corpus/manifest.tsv", in: CorpusFile.root.appending(path: "corpus"))
        let file = try #require(files.first { $0.name == name })
        try expectRefused(file.path, String(file.error.dropFirst("qcow2: ".count)))
    }

    @Test func chainOf300() throws {
        try withTemporaryFolder { folder in
            for number in 1..<300 {
                _ = try HostileImage(backing: "\(number + 1)").write("\(number)", in: folder)
            }
            _ = try HostileImage().write("300", in: folder)
            try expectRefused(
                folder.path + "/1",
                "backing file \"2\": qcow2: backing file \"3\": qcow2: backing file \"4\": …: backing file \"200\": qcow2: "
                    + "backing file \"201\": qcow2: backing file \"202\" is not opened: "
                    + "at most 200 files may form a chain, each naming the next")
            // The last 201 are no more than there may be.
            let copy = try Vitrine.run("copy", folder.path + "/100", "-")
            #expect(copy.status == 0)
            let isZero = copy.data == Data(count: HostileImage.size)
            #expect(isZero)
        }
    }

    @Test func nothingIsOpenedWithoutLeave() throws {
        try withTemporaryFolder { folder in
            let base = try folder.file("base", Data(count: HostileImage.size))
            let watch = try FileWatch(base)
            let overlay = try HostileImage(backing: "base", format: "raw").write("overlay", in: folder)
            try expectRefused(
                overlay.path,
                "backing file \"base\" is not opened, as no file is; --allow-references directory allows those in the "
                    + "image's directory", "--allow-references", "none")
            #expect(!watch.wasOpened)
        }
    }
}
