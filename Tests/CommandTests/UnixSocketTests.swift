import Foundation
import Glibc
import Testing
import TestSupport

/// `vitrine serve -U`
@Suite(.needs(.sfdisk, .xz))
struct UnixSocketTests {
    @Test func uriNamesTheSocket() throws {
        try withServer(TestDisk.shared().xz) { server in
            let size = try server.size()
            #expect(size == TestDisk.size)
            #expect(server.uri == "nbd+unix:///?socket=\(server.socket.path)")
        }
    }

    @Test func fileThatIsNoSocketIsLeftAlone() throws {
        try withTemporaryFolder { folder in
            let file = try folder.file("file", "precious")
            let refused = try Vitrine.run("serve", TestDisk.shared().xz.path, "-U", file.path)
            #expect(refused.status == 1)
            #expect(
                refused.errors
                    == "vitrine: \(file.path) exists and is not a socket, so vitrine does not replace it: give "
                    + "another path\n")
            #expect(refused.output == "")
            #expect(try String(contentsOf: file, encoding: .utf8) == "precious")
        }
    }

    @Test func socketThatNobodyListensOnIsReplaced() throws {
        try withTemporaryFolder { folder in
            let socket = folder.path + "/socket"
            let killed = try Program([Vitrine.path(), "serve", TestDisk.shared().xz.path, "-U", socket])
            _ = try killed.firstLine()
            killed.send(SIGKILL)
            _ = try killed.wait()
            #expect(URL(filePath: socket).exists)
            let size = try withServer(TestDisk.shared().raw, "-U", socket) { _ in
                try WireClient(unixSocket: socket).enter()
            }
            #expect(size == UInt64(TestDisk.size))
        }
    }

    @Test func socketInUseIsLeftToItsServer() throws {
        let disk = try TestDisk.shared()
        try withServer(disk.xz) { server in
            let refused = try Vitrine.run("serve", disk.raw.path, "-U", server.socket.path)
            #expect(refused.status == 1)
            #expect(refused.errors == "vitrine: \(server.socket.path) is in use by another server\n")
            #expect(refused.output == "")
            #expect(try server.size() == TestDisk.size)
        }
    }

    @Test(arguments: [103, 104])
    func pathMayBeAsLongAsSystemsAllow(_ length: Int) throws {
        try withTemporaryFolder { folder in
            let padding = String(repeating: "a", count: length - folder.path.utf8.count - 1)
            let socket = "\(folder.path)/\(padding)"
            let result = try Vitrine.run(
                "serve", TestDisk.shared().xz.path, "-U", socket, "--run", "test -S \"$unixsocket\"")
            if length == 103 {
                #expect(result.status == 0, "\(result.errors)")
            } else {
                #expect(result.status == 1)
                #expect(
                    result.errors
                        == "vitrine: \(socket): the path of a Unix socket can have at most 103 bytes, and this "
                        + "one has 104\n"
                )
            }
        }
    }

    @Test func folderThatDoesNotExistIsReported() throws {
        let refused = try Vitrine.run("serve", TestDisk.shared().xz.path, "-U", "/nonexistent/socket")
        #expect(refused.status == 1)
        #expect(
            refused.errors == "vitrine: cannot listen on /nonexistent/socket: No such file or directory\n")
    }

    @Test func emptyPathIsRefused() throws {
        let refused = try Vitrine.run("serve", TestDisk.shared().xz.path, "-U", "", "--run", "true")
        #expect(refused.status != 0)
        #expect(refused.errors.contains("-U"))
    }

    @Test(arguments: ["disk", "p1", "a b/ä?&"])
    func exportNameOpensTheWholeDisk(_ name: String) throws {
        try withServer(TestDisk.shared().xz, "-e", name) { server in
            let sizes = try [name, "", "p2"].map { try server.size(of: $0) }
            #expect(sizes == [TestDisk.size, TestDisk.size, TestDisk.second.count])
        }
    }

    @Test func twoServersDoNotDisturbEachOther() throws {
        let disk = try TestDisk.shared()
        try withServer(disk.xz) { one in
            try withServer(disk.raw) { other in
                #expect(one.uri != other.uri)
                for server in [one, other] {
                    let client = try server.client()
                    try client.enter()
                    #expect(try client.readBytes(at: 0, count: 4096) == disk.bytes[..<4096])
                }
            }
            #expect(try one.size() == TestDisk.size)
        }
    }
}
