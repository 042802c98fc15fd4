import Foundation
import Glibc
import TestSupport
import Testing

@testable import VitrineFormats

/// Files that are opened for an image that names them, and files that are refused, each with its exact words.
@Suite struct ReferenceGateTests {
    private let outside =
        "lies outside the image's directory"
    private let outsideAll =
        "lies outside the image's directory and those that are allowed"

    private let elsewhere = "; the directory holds \"base\""

    // MARK: Inside

    @Test(arguments: ["base", "./base", "sub/../base", "sub//..//./base", "../images/base"])
    func fileInTheDirectory(_ name: String) throws {
        try ReferenceFolders.with { folders in
            let gate = try folders.gate()
            #expect(try gate.text(of: name) == "inside")
        }
    }

    @Test func fileBelow() throws {
        try ReferenceFolders.with { folders in
            let gate = try folders.gate()
            #expect(try gate.text(of: "sub/deep") == "deep inside")
        }
    }

    @Test func fileByItsAbsolutePath() throws {
        try ReferenceFolders.with { folders in
            let gate = try folders.gate()
            #expect(try gate.text(of: folders.images.path + "/sub/deep") == "deep inside")
        }
    }

    /// The image's directory is known by its given path and by the path without links.
    @Test func absolutePathThroughALink() throws {
        try ReferenceFolders.with { folders in
            try folders.link("alias", to: "images")
            let gate = try ReferringImage.gate(folders.top.path + "/alias/overlay")
            #expect(try gate.text(of: folders.top.path + "/alias/base") == "inside")
            #expect(try gate.text(of: folders.images.path + "/base") == "inside")
            #expect(try gate.text(of: "../images/base") == "inside")
            #expect(try gate.text(of: "../alias/base") == "inside")
        }
    }

    @Test func linkThatStaysInside() throws {
        try ReferenceFolders.with { folders in
            try folders.link("images/file-link", to: "sub/deep")
            try folders.link("images/sub/up-link", to: "../base")
            try folders.link("images/folder-link", to: "sub")
            try folders.link("images/absolute-link", to: folders.images.path + "/base")
            let gate = try folders.gate()
            #expect(try gate.text(of: "file-link") == "deep inside")
            #expect(try gate.text(of: "sub/up-link") == "inside")
            #expect(try gate.text(of: "folder-link/deep") == "deep inside")
            #expect(try gate.text(of: "absolute-link") == "inside")
        }
    }

    @Test(arguments: ["ba se", "b:se/../base", "ä", "\\", "..base", "-", "%2e%2e"])
    func namesThatAreOddButNames(_ name: String) throws {
        try ReferenceFolders.with { folders in
            try FileManager.default.createDirectory(
                at: folders.images.appending(path: "b:se"), withIntermediateDirectories: false)
            if !name.contains("/") { _ = try folders.images.file(name, "inside") }
            let gate = try folders.gate()
            if name.contains(":") {
                #expect(try gate.text(of: "./" + name) == "inside")
            } else {
                #expect(try gate.text(of: name) == "inside")
            }
        }
    }

    /// A name is bytes, in whatever encoding.
    @Test func nameThatIsNotUTF8() throws {
        try ReferenceFolders.with { folders in
            let name: [UInt8] = [0x62, 0xE4, 0x73, 0x65]
            let path = Array(folders.images.path.utf8) + [0x2F] + name + [0]
            let file = unsafe open(path.map { CChar(bitPattern: $0) }, O_WRONLY | O_CREAT | O_EXCL, 0o600)
            try #require(file >= 0)
            close(file)
            let gate = try folders.gate()
            #expect(try gate.imageReferences.open(Reference(.backingFile, name, format: "raw")).size == 0)
            gate.expect(
                .io, name + [0x80, 0xC3],
                "backing file \"b\\xE4se\\x80\\xC3\": No such file or directory; "
                    + "the directory holds \"b\\xE4se\", \"base\"", remedy: .saysWhereItIs)
        }
    }

    // MARK: Outside

    @Test(arguments: [
        "/etc/shadow", "/dev/zero", "/", "/proc/self/environ", "../secret", "../../../../etc/shadow", "..",
    ])
    func fileOutside(_ name: String) throws {
        try ReferenceFolders.with { folders in
            try folders.gate().expect(
                .refused, name, "backing file \"\(name)\" \(outside)", remedy: .anotherDirectory)
        }
    }

    @Test func fileOutsideByWayOfInside() throws {
        try ReferenceFolders.with { folders in
            let gate = try folders.gate()
            gate.expect(
                .refused, "sub/../../secret", "backing file \"sub/../../secret\" \(outside)",
                remedy: .anotherDirectory)
            let absolute = folders.images.path + "/../secret"
            gate.expect(
                .refused, absolute, "backing file \"\(absolute)\" \(outside)", remedy: .anotherDirectory)
            // Not a name in the directory, only one that begins like it.
            _ = try FileManager.default.createDirectory(
                atPath: folders.images.path + "2", withIntermediateDirectories: false)
            _ = try folders.top.file("images2/base", "outside")
            let similar = folders.images.path + "2/base"
            gate.expect(
                .refused, similar, "backing file \"\(similar)\" \(outside)", remedy: .anotherDirectory)
        }
    }

    @Test func everyRoleIsKeptInside() throws {
        try ReferenceFolders.with { folders in
            let gate = try folders.gate()
            gate.expect(
                .refused, "../secret", "data file \"../secret\" \(outside)", .dataFile,
                remedy: .anotherDirectory)
            gate.expect(
                .refused, "../secret", "extent \"../secret\" \(outside)", .extent, format: nil,
                remedy: .anotherDirectory)
            gate.expect(
                .refused, "../secret", "parent \"../secret\" \(outside)", .parent, remedy: .anotherDirectory)
            #expect(try gate.text(of: "base", .dataFile) == "inside")
            #expect(try gate.text(of: "base", .extent) == "inside")
            #expect(try gate.text(of: "base", .parent) == "inside")
        }
    }

    @Test func linkThatLeadsOut() throws {
        try ReferenceFolders.with { folders in
            try folders.link("images/file-link", to: "../secret")
            try folders.link("images/absolute-link", to: "/etc/passwd")
            try folders.link("images/folder-link", to: "..")
            try folders.link("images/absolute-folder-link", to: folders.top.path)
            try folders.link("images/chain", to: "file-link")
            let gate = try folders.gate()
            for name in [
                "file-link", "absolute-link", "folder-link/secret", "absolute-folder-link/secret", "chain",
            ] {
                gate.expect(.refused, name, "backing file \"\(name)\" \(outside)", remedy: .anotherDirectory)
            }
        }
    }

    /// Links of /proc are not paths: they lead to an open file, wherever that is.
    @Test func linkOfProc() throws {
        try ReferenceFolders.with { folders in
            let secret = try FileHandle(forReadingFrom: folders.top.appending(path: "secret"))
            let name = "/proc/self/fd/\(secret.fileDescriptor)"
            try folders.gate(.folders(["/proc"])).expect(
                .io, name, "backing file \"\(name)\": Too many levels of symbolic links")
        }
    }

    @Test func linksInACircle() throws {
        try ReferenceFolders.with { folders in
            try folders.link("images/a", to: "b")
            try folders.link("images/b", to: "a")
            // Out of one directory and into the other, and back.
            try folders.link("images/c", to: folders.top.path + "/other/c")
            try folders.link("other/c", to: folders.images.path + "/c")
            let gate = try folders.gate(.folders([SystemString(folders.top.path + "/other")]))
            for name in ["a", "c"] {
                gate.expect(.io, name, "backing file \"\(name)\": Too many levels of symbolic links")
            }
        }
    }

    // MARK: --allow-references

    @Test func noneAtAll() throws {
        try ReferenceFolders.with { folders in
            try folders.gate(.none).expect(
                .refused, "base",
                "backing file \"base\" is not opened, as no file is",
                remedy: Remedy(.allowedDirectories, "directory", "allows those in the image's directory"))
        }
    }

    @Test(arguments: ["../other/base", "../images/../other/base", "TOP/other/base", "link", "absolute-link"])
    func anotherDirectory(_ name: String) throws {
        try ReferenceFolders.with { folders in
            try folders.link("images/link", to: "../other/base")
            try folders.link("images/absolute-link", to: folders.top.path + "/other/base")
            let name = name.replacing("TOP", with: folders.top.path)
            let gate = try folders.gate(.folders([SystemString(folders.top.path + "/other")]))
            if name.hasPrefix("../images") {
                gate.expect(
                    .refused, name, "backing file \"\(name)\" \(outsideAll)", remedy: .anotherDirectory)
            } else {
                #expect(try gate.text(of: name) == "other")
            }
            #expect(try gate.text(of: "base") == "inside")
            gate.expect(
                .refused, "../secret", "backing file \"../secret\" \(outsideAll)", remedy: .anotherDirectory)
        }
    }

    @Test func directoryAbove() throws {
        try ReferenceFolders.with { folders in
            try folders.link("images/link", to: "../secret")
            try folders.link("images/folder-link", to: "..")
            let gate = try folders.gate(.folders([SystemString(folders.top.path)]))
            for name in ["../secret", "link", "folder-link/secret", "sub/../../secret"] {
                #expect(try gate.text(of: name) == "outside", "\(name)")
            }
        }
    }

    @Test func directoryThatIsNotThere() throws {
        try ReferenceFolders.with { folders in
            for (name, reason) in [("nothing", "No such file or directory"), ("secret", "Not a directory")] {
                let path = folders.top.path + "/" + name
                let error = #expect(throws: ImageError.self) {
                    try Image.open(folders.image, OpenOptions(references: .folders([SystemString(path)])))
                }
                #expect(error?.description == "\(folders.image): allowed directory \(path): \(reason)")
                #expect(error?.code == .io)
            }
        }
    }

    /// A device lies where all devices lie.
    @Test func imageThatIsADevice() throws {
        try ReferenceFolders.with { folders in
            let directory = try Directory(path: SystemString(folders.images.path))
            let options = OpenOptions()
            try ReferenceGate(directory, "overlay", nil, options).expect(
                .refused, "base",
                "backing file \"base\" is not opened, as the image is a device",
                remedy: Remedy(.allowedDirectories, "DIR", "allows a directory"))
            let allowing = OpenOptions(references: .folders([SystemString(folders.images.path + "/sub")]))
            let gate = try ReferenceGate(directory, "overlay", nil, allowing)
            #expect(try gate.text(of: "sub/deep") == "deep inside")
            #expect(throws: ImageError.self) { try gate.text(of: "base") }
        }
    }

    @Test func imageInMemory() {
        let context = OpenContext(engine: .shared, opener: Registry())
        let error = #expect(throws: ImageError.self) {
            try context.references.open(Reference(.dataFile, Array("data".utf8)))
        }
        #expect(
            error?.description
                == "data file \"data\" is not opened: vitrine knows no directory of the image in which to look "
                + "for it"
        )
        #expect(error?.code == .refused)
    }

    // MARK: What is no file

    @Test func whatIsNoRegularFile() throws {
        try ReferenceFolders.with { folders in
            try #require(unsafe mkfifo(folders.images.path + "/fifo", 0o600) == 0)
            try makeSocket(folders.images.path + "/socket")
            let gate = try folders.gate(.folders(["/dev"]))
            for (name, kind) in [
                ("fifo", "a named pipe"), ("socket", "a socket"), ("sub", "a directory"),
                (".", "a directory"),
                ("/dev/zero", "a character device"), ("/dev/null", "a character device"),
            ] {
                gate.expect(
                    .refused, name, "backing file \"\(name)\" is \(kind); only regular files are opened")
            }
        }
    }

    private func makeSocket(_ path: String) throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let status = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(status == 0)
    }

    @Test func missingFile() throws {
        try ReferenceFolders.with { folders in
            try folders.link("images/dangling", to: "nothing")
            let gate = try folders.gate()
            for name in ["nothing", "nothing/at/all", "dangling", "/not/there"] {
                gate.expect(
                    .io, name, "backing file \"\(name)\": No such file or directory\(elsewhere)",
                    remedy: .saysWhereItIs)
            }
            gate.expect(
                .io, "base/more", "backing file \"base/more\": Not a directory\(elsewhere)",
                remedy: .saysWhereItIs)
            gate.expect(.io, "nothing", "extent \"nothing\": No such file or directory", .extent)
        }
    }

    @Test func unreadableFile() throws {
        try ReferenceFolders.with { folders in
            try #require(unsafe chmod(folders.images.path + "/sub/deep", 0) == 0)
            let gate = try folders.gate()
            try asOrdinaryUser {
                gate.expect(.io, "sub/deep", "backing file \"sub/deep\": Permission denied")
                let text = try gate.text(of: "base")
                #expect(text == "inside")
            }
        }
    }

    /// Runs `body` with a non-root user's rights to files.
    private func asOrdinaryUser(_ body: () throws -> Void) throws {
        guard getuid() == 0 else { return try body() }
        // The C library has it, though Swift does not show it; it is for the calling thread alone.
        typealias Setter = @convention(c) (uid_t) -> CInt
        guard let symbol = unsafe dlsym(nil, "setfsuid") else { throw TestFailure("there is no setfsuid") }
        let set = unsafe unsafeBitCast(symbol, to: Setter.self)
        _ = set(65534)
        defer { _ = set(0) }
        try body()
    }

    @Test(arguments: [ENOSYS, EPERM])
    func systemThatCannotKeepNamesInside(_ code: Int32) throws {
        try ReferenceFolders.with { folders in
            let error = try folders.gate().error(.system(code), Reference(.backingFile, Array("base".utf8)))
            #expect(
                error.description
                    == "backing file \"base\" is not opened: this system has no openat2 (Linux 5.6 or later), "
                    + "or forbids it. Without it, the name could lead out of the allowed directories")
            #expect(error.code == .refused)
        }
    }

    /// As many links are followed as Linux follows, and no more.
    @Test func fortyLinks() throws {
        try ReferenceFolders.with { folders in
            for number in 1...41 {
                let target = number == 1 ? "base" : "link\(number - 1)"
                try folders.link("images/link\(number)", to: folders.images.path + "/" + target)
            }
            let gate = try folders.gate()
            #expect(try gate.text(of: "link40") == "inside")
            gate.expect(.io, "link41", "backing file \"link41\": Too many levels of symbolic links")
        }
    }

    // MARK: Where it is not

    /// The folder was moved, or comes from another machine: only the last component counts.
    @Test(arguments: [
        "/not/there/base", "sub/base", "../not/there/base", "file:base", "file:///not/there/base",
        "file:./base",
        "D:\\vm\\base", "D:/vm/base", "..\\base", "vm\\base",
    ])
    func movedFile(_ name: String) throws {
        try ReferenceFolders.with { folders in
            let gate = try folders.gate()
            #expect(try gate.text(of: name) == "inside")
            let warning =
                "backing file \"\(name)\" was not found: vitrine uses \"base\" in \(folders.images.path) "
                + "instead"
            #expect(gate.warnings == (["file:base", "file:./base"].contains(name) ? [] : [warning]))
        }
    }

    /// The file beside the image comes first, and the image itself is never taken.
    @Test func movedFileInAnotherDirectory() throws {
        try ReferenceFolders.with { folders in
            _ = try folders.top.file("other/overlay", "another")
            let gate = try folders.gate(.folders([SystemString(folders.top.path + "/other")]))
            #expect(try gate.text(of: "/not/there/base") == "inside")
            #expect(try gate.text(of: "/not/there/overlay") == "another")
            try folders.gate().expect(
                .io, "/not/there/overlay",
                "backing file \"/not/there/overlay\": No such file or directory\(elsewhere)",
                remedy: .saysWhereItIs)
        }
    }

    /// A file elsewhere is not the one beside the image.
    @Test func fileThatIsOutsideIsNotReplaced() throws {
        try ReferenceFolders.with { folders in
            _ = try folders.images.file("secret", "not it")
            for name in ["../secret", folders.top.path + "/secret", "file:" + folders.top.path + "/secret"] {
                try folders.gate().expect(
                    .refused, name, "backing file \"\(name)\" \(outside)", remedy: .anotherDirectory)
            }
            // Nor where a link, which is not followed, may lead there.
            try folders.link("alias", to: "nothing")
            let name = folders.top.path + "/alias/secret"
            try folders.gate().expect(
                .refused, name, "backing file \"\(name)\" \(outside)", remedy: .anotherDirectory)
        }
    }

    @Test func replacementIsARegularFileInside() throws {
        try ReferenceFolders.with { folders in
            try folders.link("images/out", to: "../secret")
            let gate = try folders.gate()
            for name in ["/not/there/out", "/not/there/sub", "D:\\"] {
                let shown = printable(name)
                gate.expect(
                    .io, name, "backing file \"\(shown)\": No such file or directory\(elsewhere)",
                    remedy: .saysWhereItIs)
            }
        }
    }

    // MARK: --backing-file

    @Test(arguments: ["base", "/not/there", "nbd:unix:/run/disk.sock", "../secret"])
    func backingFileThatTheUserNames(_ name: String) throws {
        try ReferenceFolders.with { folders in
            let image = try folders.images.file("image", ReferringImage.line(name, format: "raw"))
            var options = OpenOptions(references: .none)
            options.backingFiles = [SystemString(folders.top.path + "/other/base")]
            #expect(try ReferringImage.open(image.path, options).text == "other")
        }
    }

    @Test func backingFilesOfAChain() throws {
        try ReferenceFolders.with { folders in
            let image = try folders.images.file("image", ReferringImage.line("/not/there/1"))
            _ = try folders.top.file(
                "other/middle", ReferringImage.line("/not/there/2", .parent, format: "raw"))
            var options = OpenOptions()
            options.backingFiles = [
                SystemString(folders.top.path + "/other/middle"), SystemString(folders.top.path + "/secret"),
            ]
            #expect(try ReferringImage.open(image.path, options).text == "outside")
            // What lies beside the user's file is not allowed by that.
            options.backingFiles.removeLast()
            _ = try folders.top.file("other/middle", ReferringImage.line("base", format: "raw"))
            let error = #expect(throws: ImageError.self) { try ReferringImage.open(image.path, options) }
            #expect(error?.code == .refused)
        }
    }

    @Test func backingFileThatNothingAsksFor() throws {
        try ReferenceFolders.with { folders in
            var options = OpenOptions()
            options.backingFiles = [SystemString(folders.images.path + "/base")]
            let error = #expect(throws: ImageError.self) { try Image.open(folders.image, options) }
            #expect(
                error?.description
                    == "\(folders.image): the image names no backing file or parent outside of itself, so "
                    + "\(folders.images.path)/base cannot be one")
        }
    }

    /// Each link of the chain is tried from each directory, but not from each of them anew.
    @Test func linksFromManyDirectories() throws {
        try ReferenceFolders.with { folders in
            for number in 0..<30 {
                try folders.link("images/\(number)", to: folders.images.path + "/\(number + 1)")
            }
            try folders.link("images/30", to: "/etc/passwd")
            let around = [SystemString](repeating: SystemString(folders.top.path), count: 20)
            try folders.gate(.folders(around)).expect(
                .io, "0", "backing file \"0\": Too many levels of symbolic links")
        }
    }
}
