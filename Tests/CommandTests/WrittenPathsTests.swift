import Foundation
import Glibc
import TestSupport
import Testing

/// Files written at the user's path or at the default one never replace something else.
@Suite(.needs(.sfdisk, .xz))
struct WrittenPathsTests {
    private func contents(_ folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test func pidfileIsNotPutInThePlaceOfAnImage() throws {
        try withTemporaryFolder { folder in
            let image = try folder.file("a.raw", String(repeating: "x", count: 4096))
            let other = try folder.file("b.raw", String(repeating: "x", count: 4096))
            let before = try Data(contentsOf: image)
            for (path, reason) in [
                (image.path, "is the image itself"),
                (other.path, "exists and is not a pid file"),
            ] {
                let result = try Vitrine.run("serve", image.path, "-P", path, "--run", "true")
                #expect(result.status == 1)
                #expect(result.errors.contains("\(path) \(reason)"), "\(result.errors)")
                let isSame = try Data(contentsOf: URL(filePath: path)) == before
                #expect(isSame)
            }
            #expect(try contents(folder) == ["a.raw", "b.raw"])
        }
    }

    @Test func pidfileIsNotPutInThePlaceOfADeviceOrALink() throws {
        try withTemporaryFolder { folder in
            let link = folder.path + "/link"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/dev/null")
            let result = try Vitrine.run("serve", TestDisk.shared().xz.path, "-P", link, "--run", "true")
            #expect(result.status == 1)
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "/dev/null")
        }
    }

    @Test(arguments: [
        "", "relative", "/nonexistent", "/dev/null", "/tmp/" + String(repeating: "x", count: 100),
    ])
    func temporaryFolderThatWillNotDoIsPassedOver(_ value: String) throws {
        try withTemporaryFolder { folder in
            let image = try TestDisk.shared().xz.path
            let environment = ["TMPDIR": value, "XDG_RUNTIME_DIR": folder.path]
            let result = try Vitrine.run(
                "serve", image, "--run", "echo $unixsocket", environment: environment)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.hasPrefix(folder.path + "/vitrine"))
            let without = try Vitrine.run(
                "serve", image, "--run", "echo $unixsocket",
                environment: ["TMPDIR": value, "XDG_RUNTIME_DIR": ""])
            #expect(without.output.hasPrefix("/tmp/vitrine"), "\(without.errors)")
        }
    }

    @Test func infoMakesNothing() throws {
        try withTemporaryFolder { folder in
            let environment = ["XDG_CACHE_HOME": folder.path + "/cache"]
            let result = try Vitrine.run("info", TestDisk.shared().xz.path, environment: environment)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.errors == "")
            #expect(try contents(folder) == [])
        }
    }

    @Test func aHomeThatIsNotThereIsNotMade() throws {
        try withTemporaryFolder { folder in
            let environment = ["XDG_CACHE_HOME": "", "HOME": folder.path + "/home"]
            let result = try Vitrine.run(
                "serve", TestDisk.shared().xz.path, "--run", "true", environment: environment)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.errors.contains("no seek index is kept"), "\(result.errors)")
            #expect(try contents(folder) == [])
        }
    }

    @Test func anIndexToBePublishedFollowsTheUmask() throws {
        try withTemporaryFolder { folder in
            let index = folder.path + "/disk.sidx"
            let image = try TestDisk.shared().xz.path
            let result = try Program([
                "/bin/sh", "-c",
                "umask 022; exec '\(Vitrine.path())' index '\(image)' -q --output '\(index)'",
            ]).wait()
            #expect(result.status == 0, "\(result.errors)")
            let mode = try FileManager.default.attributesOfItem(atPath: index)[.posixPermissions] as? Int
            #expect(mode == 0o644)
        }
    }

    @Test func serverWhoseURICannotBeWrittenSaysSo() throws {
        try withTemporaryFolder { folder in
            let full = try FileHandle(forWritingTo: URL(filePath: "/dev/full"))
            let pidfile = folder.appending(path: "pid")
            let program = try Program(
                [Vitrine.path(), "serve", TestDisk.shared().xz.path, "-P", pidfile.path], output: full)
            try until("the server is ready") { pidfile.exists ? () : nil }
            program.send(SIGTERM)
            let result = try program.wait()
            #expect(result.status == 1)
            #expect(result.errors == "vitrine: standard output: No space left on device\n")
            #expect(try contents(folder) == [])
        }
    }

    @Test(arguments: [["info"], ["info", "--json"], ["--help"], ["--version"], ["info", "--help"]])
    func outputThatCannotBeWrittenIsAnError(_ arguments: [String]) throws {
        let full = try FileHandle(forWritingTo: URL(filePath: "/dev/full"))
        let image =
            arguments.first == "info" && arguments.last != "--help" ? [try TestDisk.shared().xz.path] : []
        let program = try Program([Vitrine.path()] + arguments + image, output: full)
        let result = try program.wait()
        #expect(result.status == 1)
        #expect(result.errors == "vitrine: standard output: No space left on device\n")
    }
}
