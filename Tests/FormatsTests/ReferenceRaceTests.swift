import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import VitrineFormats

/// Directories that are moved about while an image is open, or while it is being opened.
@Suite struct ReferenceRaceTests {
    private func move(_ folders: ReferenceFolders, _ old: String, _ new: String) throws {
        try #require(unsafe rename(folders.top.path + "/" + old, folders.top.path + "/" + new) == 0)
    }

    /// A name refers to the directory in which the image was opened, even if another has its path now.
    @Test func imageDirectoryReplacedByALink() throws {
        try ReferenceFolders.with { folders in
            let gate = try folders.gate()
            try move(folders, "images", "moved")
            try folders.link("images", to: "other")
            #expect(try gate.text(of: "base") == "inside")
            #expect(try gate.text(of: folders.images.path + "/base") == "inside")
            #expect(try folders.gateOfOther().text(of: "base") == "other")
        }
    }

    @Test func allowedDirectoryReplacedByALink() throws {
        try ReferenceFolders.with { folders in
            let gate = try folders.gate(.folders([SystemString(folders.top.path + "/other")]))
            try move(folders, "other", "moved")
            try folders.link("other", to: "/etc")
            #expect(try gate.text(of: folders.top.path + "/other/base") == "other")
            let shadow = folders.top.path + "/other/passwd"
            gate.expect(
                .io, shadow,
                "backing file \"\(shadow)\": No such file or directory; "
                    + "the directory holds \"base\"", remedy: .saysWhereItIs)
        }
    }

    @Test func directoryOnTheWayReplacedByALink() throws {
        try ReferenceFolders.with { folders in
            let gate = try folders.gate()
            #expect(try gate.text(of: "sub/deep") == "deep inside")
            try move(folders, "images/sub", "images/gone")
            try folders.link("images/sub", to: "../other")
            gate.expect(
                .refused, "sub/base",
                "backing file \"sub/base\" lies outside the image's directory", remedy: .anotherDirectory)
        }
    }

    /// A directory and a link to a secret take turns under one name. Only the directory's content is ever read.
    @Test func directoryThatKeepsBecomingALink() throws {
        try ReferenceFolders.with { folders in
            _ = try folders.top.file("other/deep", "outside")
            try folders.link("images/link", to: "../other")
            let isOver = Atomic(false)
            let images = folders.images.path
            let names = ["sub", "gone", "link"].map { images + "/" + $0 }
            let mover = Thread {
                while !isOver.load(ordering: .relaxed) {
                    unsafe rename(names[0], names[1])
                    unsafe rename(names[2], names[0])
                    unsafe rename(names[0], names[2])
                    unsafe rename(names[1], names[0])
                }
            }
            mover.start()
            defer {
                isOver.store(true, ordering: .relaxed)
                while !mover.isFinished { usleep(1000) }
            }
            var (read, refused) = (0, 0)
            while read < 50 || refused < 50 {
                // The number of files for an image is limited.
                let gate = try folders.gate()
                for _ in 0..<100 {
                    do {
                        let text = try gate.text(of: "sub/../sub/deep")
                        try #require(text == "deep inside")
                        read += 1
                    } catch let error as ImageError {
                        refused += error.code == .refused ? 1 : 0
                        #expect(
                            error.code == .refused
                                || error.description.contains(": No such file or directory")
                                || error.description.hasSuffix(": Resource temporarily unavailable"),
                            "\(error)")
                    }
                }
            }
        }
    }
}

extension ReferenceFolders {
    /// The gate of an image in the folder that is called `images` now.
    fileprivate func gateOfOther() throws -> ReferenceGate {
        _ = try top.file("other/overlay", "the image")
        return try gate()
    }
}
