import Foundation
import Testing
import TestSupport

/// An ext4 that holds files of all kinds. It is made without root: debugfs changes what mkfs.ext4 cannot take from a folder.
struct ExtImage {
    let file: URL
    /// The folder that its files come from.
    let folder: URL

    static let release = "PRETTY_NAME=\"Test 7\"\n"

    /// Makes one of 8 MiB in `place`, with further `options` of mkfs.ext4.
    init(in place: URL, _ options: [String] = []) throws {
        folder = place.appending(path: "tree")
        file = place.appending(path: "ext4.img")
        let manager = FileManager.default
        try manager.createDirectory(
            at: folder.appending(path: "etc/deep"), withIntermediateDirectories: true)
        _ = try folder.file("etc/os-release", Self.release)
        _ = try folder.file("empty", "")
        _ = try folder.file("text", "some text\n")
        _ = try folder.file("big", Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) }))
        _ = try folder.file(String(repeating: "n", count: 200), "long name")
        _ = try folder.file("etc/deep/file", "deep")
        try manager.linkItem(at: folder.appending(path: "big"), to: folder.appending(path: "etc/hard"))
        for (name, target) in [
            ("link", "etc/os-release"), ("absolute", "/etc/deep"), ("outside", "../../../../etc/os-release"),
            ("loop", "loop"), ("nowhere", "nothing"), ("long", String(repeating: "/t", count: 120)),
        ] {
            let path = folder.appending(path: name).path
            try manager.createSymbolicLink(atPath: path, withDestinationPath: target)
        }
        let sparse = folder.appending(path: "sparse")
        _ = try folder.file("sparse", Data("start".utf8))
        let handle = try FileHandle(forWritingTo: sparse)
        try handle.seek(toOffset: 3 << 20)
        try handle.write(contentsOf: Data("end".utf8))
        try handle.close()
        try #require(
            Tool.mkfsExt4.run(["-q", "-F", "-d", folder.path] + options + [file.path, "8M"]).status == 0)
        try change(
            "mknod console c 5 1", "mknod disk b 8 1", "mknod pipe p", "set_inode_field text uid 3000000",
            "set_inode_field text gid 42", "set_inode_field text mode 0104755",
            "set_inode_field text mtime @1600000000", "ea_set text user.note value",
            "set_inode_field etc mtime @1500000000")
    }

    /// Changes it by these commands of debugfs.
    func change(_ commands: String...) throws {
        let script = file.deletingLastPathComponent().appending(path: "debugfs-commands")
        try Data(commands.joined(separator: "\n").utf8).write(to: script)
        let result = try Tool.debugfs.run("-w", "-f", script.path, file.path)
        try #require(result.status == 0, "\(result.errors)")
    }

    /// Runs a command of the program on it.
    func run(_ command: String, _ arguments: String...) throws -> ProgramResult {
        try Program([Vitrine.path(), command, file.path] + arguments).wait()
    }

    /// Runs `body` with one that is there until it returns.
    static func with<Result>(
        _ options: String..., body: (ExtImage, URL) throws -> Result
    ) throws -> Result {
        try withTemporaryFolder { try body(ExtImage(in: $0, options), $0) }
    }
}
