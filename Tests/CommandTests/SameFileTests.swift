import Foundation
import Glibc
import TestSupport
import Testing
import VitrineFormats

@testable import vitrine

/// Paths that a command writes to must be different files, whatever their names, and none of the files that the image
/// is read from.
@Suite(.needs(.qemuImg, .xz))
struct SameFileTests {
    /// Runs `body` in a folder with `real/`, a link `link` to it, and an image with a backing file beside it.
    private func withFiles(_ body: (String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let script = """
                set -e
                cd '\(folder.path)'
                mkdir real
                ln -s real link
                cd real
                printf data > base
                truncate -s 64K base
                qemu-img create -q -f qcow2 -b base -F raw disk.qcow2
                ln base hard
                ln -s disk.qcow2 soft
                xz -k base
                """
            try #require(try Program(["/bin/sh", "-c", script]).wait().status == 0)
            try body(folder.path)
        }
    }

    private func path(_ text: String) -> SystemString { SystemString(text) }

    @Test(arguments: [
        ("real/new", "link/new"), ("real/new", "real/../real/./new"), ("real/base", "link/base"),
        ("real/base", "real/hard"), ("real/new", "real//new"),
    ])
    func aFileIsTheSameByAnyPath(_ first: String, _ second: String) throws {
        try withFiles { folder in
            let paths = [first, second].map { path("\(folder)/\($0)") }
            let error = #expect(throws: CommandError.self) {
                try WrittenPath.requireDistinct(
                    [WrittenPath("-U", paths[0]), WrittenPath("-P", paths[1])],
                    from: path("\(folder)/real/disk.qcow2"))
            }
            #expect(error?.description == "\(paths[1]) (-P) is the same file as \(paths[0]) (-U)")
        }
    }

    @Test func otherFilesAreOthers() throws {
        try withFiles { folder in
            let paths = ["real/new", "new", "real/soft2", "real/base", "nowhere/new"]
            try WrittenPath.requireDistinct(
                paths.map { WrittenPath("-P", path("\(folder)/\($0)")) },
                from: path("\(folder)/real/disk.qcow2"))
        }
    }

    @Test func noneIsWhatTheImageIsReadFrom() throws {
        try withFiles { folder in
            for name in ["link/disk.qcow2", "real/soft"] {
                let written = WrittenPath("-P", path("\(folder)/\(name)"))
                let error = #expect(throws: CommandError.self) {
                    try WrittenPath.requireDistinct([written], from: path("\(folder)/real/disk.qcow2"))
                }
                #expect(error?.description == "\(folder)/\(name) is the image itself")
            }
            let base = try #require(FileSource(path: "\(folder)/real/base").stamp()?.identity)
            for name in ["link/base", "real/hard"] {
                let written = WrittenPath("-P", path("\(folder)/\(name)"))
                let error = #expect(throws: CommandError.self) {
                    try WrittenPath.requireDistinct([written], from: [base])
                }
                #expect(error?.description == "\(folder)/\(name) is a file that the image is read from")
            }
        }
    }

    /// All pairs of paths of a command, and each path with the image and its backing file.
    @Test(arguments: [
        (["copy", "real/base.xz", "real/new", "--index", "link/new", "--force"], "is the same file as"),
        (["copy", "real/base.xz", "./real/base.xz", "--force"], "is the image itself"),
        (["copy", "real/disk.qcow2", "link/base", "--force"], "is a file that the image is read from"),
        (
            ["copy", "real/disk.qcow2", "out", "--index", "link/base"],
            "is a file that the image is read from"
        ),
        (["index", "real/base.xz", "--output", "link/base.xz"], "is the image itself"),
        (["index", "real/disk.qcow2", "--output", "link/base"], "is a file that the image is read from"),
        (["serve", "real/base.xz", "-U", "real/new", "-P", "link/new"], "is the same file as"),
        (["serve", "real/base.xz", "-U", "real/new", "--index", "link/new"], "is the same file as"),
        (["serve", "real/base.xz", "-P", "real/new", "--index", "link/new"], "is the same file as"),
        (["serve", "real/base.xz", "-P", "link/base.xz"], "is the image itself"),
        (["serve", "real/disk.qcow2", "-P", "link/base"], "is a file that the image is read from"),
        (["serve", "real/disk.qcow2", "-U", "link/base"], "is a file that the image is read from"),
        (["serve", "real/base.xz", "--index", "link/base.xz"], "is the image itself"),
    ])
    func commandsRefuse(_ arguments: [String], _ reason: String) throws {
        try withFiles { folder in
            let script = #"""
                cd "$1"; shift
                cat real/base real/base.xz real/disk.qcow2 | cksum; ls real
                "$@"; test $? = 1 || echo "status is not 1"
                cat real/base real/base.xz real/disk.qcow2 | cksum; ls real
                """#
            let result = try Program(["/bin/sh", "-c", script, "sh", folder, Vitrine.path()] + arguments)
                .wait()
            let lines = result.output.split(separator: "\n")
            #expect(lines.prefix(lines.count / 2).elementsEqual(lines.suffix(lines.count / 2)))
            #expect(lines.count % 2 == 0)
            #expect(result.errors.contains(reason), "\(result.errors)")
        }
    }
}
