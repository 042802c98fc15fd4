import Foundation
import Glibc
import Testing
import TestSupport

/// The start and the end of a server, which leaves nothing behind.
@Suite(.needs(.sfdisk, .xz))
struct LifetimeTests {
    private func contents(_ folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path)
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGHUP, SIGQUIT])
    func signalEndsItWithStatusZeroAndRemovesTheSocket(_ signal: Int32) throws {
        try withTemporaryFolder { folder in
            let program = try Program(
                [Vitrine.path(), "serve", TestDisk.shared().xz.path], environment: ["TMPDIR": folder.path])
            let uri = try program.firstLine()
            #expect(uri.hasPrefix("nbd+unix:///?socket=\(folder.path)/"))
            #expect(try contents(folder).count == 1)
            program.send(signal)
            let result = try program.wait()
            #expect(result.status == 0)
            #expect(result.output == uri + "\n")
            #expect(result.errors == "")
            #expect(try contents(folder) == [])
        }
    }

    /// With more than one malloc arena, decoded data takes up to twice the memory limit.
    @Test func itsThreadsTakeMemoryFromOneArena() throws {
        try withServer(TestDisk.shared().xz) { server in
            _ = try server.size()
            let file = URL(filePath: "/proc/\(server.program.id)/maps")
            let maps = try String(contentsOf: file, encoding: .utf8)
            // Each arena but the first is mapped in heaps of 64 MiB at multiples of that, of which it uses the beginning.
            let heap = UInt64(64) << 20
            let ranges = maps.split(separator: "\n").map { line in
                let bounds = line.prefix { $0 != " " }.split(separator: "-")
                    .compactMap { UInt64($0, radix: 16) }
                return (start: bounds[0], end: bounds[1], isUsable: line.contains(" rw-p "))
            }
            #expect(ranges.count > 10)
            let arenas = zip(ranges, ranges.dropFirst()).filter { used, rest in
                used.start.isMultiple(of: heap) && used.isUsable && !rest.isUsable && rest.start == used.end
                    && rest.end == used.start + heap
            }
            #expect(arenas.isEmpty, "\(maps)")
        }
    }

    @Test func pidfileIsThereWhenItIsReadyAndGoesWithIt() throws {
        try withTemporaryFolder { folder in
            let pidfile = folder.appending(path: "pid")
            let program = try Program([
                Vitrine.path(), "serve", TestDisk.shared().xz.path, "-U", folder.path + "/socket", "-P",
                pidfile.path,
            ])
            try until("the pidfile is there") { pidfile.exists ? () : nil }
            #expect(try String(contentsOf: pidfile, encoding: .utf8) == "\(program.id)\n")
            #expect(try WireClient(unixSocket: folder.path + "/socket").enter() == UInt64(TestDisk.size))
            program.send(SIGTERM)
            #expect(try program.wait().status == 0)
            #expect(try contents(folder) == [])
        }
    }

    @Test func pidfileReplacesAnOldOne() throws {
        try withTemporaryFolder { folder in
            let pidfile = try folder.file("pid", "1\n")
            let result = try Vitrine.run(
                "serve", TestDisk.shared().xz.path, "-P", pidfile.path, "--run",
                "cat '\(pidfile.path)'; echo $PPID")
            let lines = result.output.split(separator: "\n")
            #expect(lines.count == 2 && lines.first == lines.last, "\(result.output)\(result.errors)")
            #expect(try contents(folder) == [])
        }
    }

    @Test func pidfileThatCannotBeWrittenIsReportedByItsName() throws {
        try withTemporaryFolder { folder in
            let pidfile = folder.path + "/nonexistent/pid"
            let refused = try Vitrine.run(
                "serve", TestDisk.shared().xz.path, "-U", folder.path + "/socket", "-P", pidfile)
            #expect(refused.status == 1)
            #expect(refused.errors == "vitrine: \(pidfile): No such file or directory\n")
            #expect(try contents(folder) == [])
        }
    }

    @Test func itEndsWithItsParentWhenAsked() throws {
        try withTemporaryFolder { folder in
            let pidfile = folder.appending(path: "pid")
            let parent = try Program([
                "/bin/sh", "-c",
                "\"$0\" serve \"$1\" -U \"$2/socket\" -P \"$2/pid\" --exit-with-parent & wait",
                Vitrine.path(), TestDisk.shared().xz.path, folder.path,
            ])
            try until("the pidfile is there") { pidfile.exists ? () : nil }
            let server = try #require(
                Int32(String(contentsOf: pidfile, encoding: .utf8).filter(\.isNumber)))
            #expect(server != parent.id)
            parent.send(SIGKILL)
            _ = try parent.wait()
            try until("the server has ended") { isRunning(server) ? nil : () }
            #expect(try contents(folder) == [])
        }
    }

    @Test func itOutlivesItsParentOtherwise() throws {
        try withTemporaryFolder { folder in
            let pidfile = folder.appending(path: "pid")
            let parent = try Program([
                "/bin/sh", "-c", "\"$0\" serve \"$1\" -U \"$2/socket\" -P \"$2/pid\" & wait",
                Vitrine.path(), TestDisk.shared().xz.path, folder.path,
            ])
            try until("the pidfile is there") { pidfile.exists ? () : nil }
            let server = try #require(
                Int32(String(contentsOf: pidfile, encoding: .utf8).filter(\.isNumber)))
            parent.send(SIGKILL)
            _ = try parent.wait()
            #expect(try WireClient(unixSocket: folder.path + "/socket").enter() == UInt64(TestDisk.size))
            kill(server, SIGTERM)
            try until("the server has ended") { isRunning(server) ? nil : () }
        }
    }

    /// The limit allows the files of one event loop, and no more.
    @Test(arguments: [10, 14])
    func tooFewFilesAreReported(_ limit: Int) throws {
        let refused = try Program([
            "/bin/sh", "-c", "ulimit -n \(limit); exec \"$0\" serve \"$1\" --no-index --run true",
            Vitrine.path(),
            TestDisk.shared().xz.path,
        ]).wait()
        #expect(refused.status == 1)
        #expect(refused.errors.hasPrefix("vitrine: serving needs "), "\(refused.errors)")
        #expect(refused.errors.hasSuffix(" more can be opened: Too many open files (ulimit -n)\n"))
        #expect(refused.errors.split(separator: "\n").count == 1)
    }

    /// The stack of a thread is as large as the main thread's may be. With these limits there is room for none.
    @Test(arguments: ["serve \"$1\" --run true", "copy \"$1\" -", "index \"$1\""])
    func tooFewThreadsAreReported(_ command: String) throws {
        let refused = try Program([
            "/bin/sh", "-c", "ulimit -s 8000000; ulimit -v 7000000; exec \"$0\" \(command)", Vitrine.path(),
            TestDisk.shared().xz.path,
        ]).wait()
        #expect(refused.status == 1)
        let lines = refused.errors.split(separator: "\n")
        #expect(lines.last?.contains("the system refused to start a thread: ") == true, "\(refused.errors)")
        #expect(refused.output == "")
    }

    @Test func verboseServerSaysWhoComesAndGoes() throws {
        try withServer(TestDisk.shared().xz, "-v") { server in
            try server.client().enter()
            try server.said(": connected\n")
            try server.said(": disconnected\n")
        }
    }

    @Test func serverSaysNothingWhenAllIsWell() throws {
        let program = try withServer(TestDisk.shared().xz) { server in
            let client = try server.client()
            try client.enter()
            _ = try client.readBytes(at: 0, count: 4096)
            return server.program
        }
        #expect(program.errorsSoFar == "")
    }
}
