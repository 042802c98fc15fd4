import Foundation
import Glibc
import Testing
import TestSupport

/// Servers that clients start themselves, on a passed socket (LISTEN_FDS) or on standard input and output (-s).
@Suite struct PassedDescriptorsTests {
    // MARK: LISTEN_FDS

    /// libnbd's brackets mean socket activation.
    @Test(.needs(.nbdinfo, .sfdisk, .xz))
    func nbdinfoStartsTheServerItself() throws {
        let told = try Tool.nbdinfo.run(
            "--size", "--", "[", Vitrine.path(), "serve", TestDisk.shared().xz.path, "]")
        #expect(told.status == 0, "\(told.errors)")
        #expect(told.output == "\(TestDisk.size)\n")
    }

    @Test(.needs(.nbdcopy, .sfdisk, .xz))
    func nbdcopyStartsTheServerItself() throws {
        let disk = try TestDisk.shared()
        let copied = try Tool.nbdcopy.run("--", "[", Vitrine.path(), "serve", disk.xz.path, "]", "-")
        #expect(copied.status == 0, "\(copied.errors)")
        #expect(copied.data == disk.bytes)
    }

    @Test(
        .needs(.nbdinfo, .sfdisk, .xz), arguments: [["-s"], ["-U", "-"], ["-p", "0"], ["--run", "true"]])
    func socketsThatWerePassedInRuleOutOtherPlaces(_ options: [String]) throws {
        let refused = try Tool.nbdinfo.run(
            ["--size", "--", "[", Vitrine.path(), "serve", TestDisk.shared().xz.path] + options + ["]"])
        #expect(refused.status == 1)
        #expect(refused.output == "")
        #expect(
            refused.errors.hasPrefix(
                "vitrine: another process passed sockets to this one (LISTEN_FDS): -U, -p, -i, -s and --run "
                    + "cannot be used\n"
            ))
    }

    @Test(
        .needs(.pythonNBD, .sfdisk, .xz), arguments: ["connect_systemd_socket_activation", "connect_command"])
    func libnbdStartsTheServerItself(_ call: String) throws {
        let options = call == "connect_command" ? ", \"-s\"" : ""
        let script = """
            import nbd
            client = nbd.NBD()
            client.\(call)(["\(try Vitrine.path())", "serve", "\(try TestDisk.shared().xz.path)"\(options)])
            print(client.get_size(), client.pread(4, 2 << 20).hex())
            client.shutdown()
            """
        let result = try Tool.pythonNBD.run("-c", script)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "\(TestDisk.size) a5a5a5a5\n")
    }

    @Test(.needs(.pythonNBD, .sfdisk, .xz))
    func everySocketThatIsPassedInIsServed() throws {
        let script = """
            import nbd, os, signal, socket, sys, tempfile
            path = tempfile.mktemp()
            sockets = [socket.socket(socket.AF_UNIX), socket.socket()]
            sockets[0].bind(path)
            sockets[1].bind(("127.0.0.1", 0))
            for s in sockets: s.listen()
            server = os.fork()
            if server == 0:
                copies = [os.dup(os.dup(s.fileno())) for s in sockets]
                for number, copy in enumerate(copies): os.dup2(copy, 3 + number, inheritable=True)
                os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2")
                os.execv("\(try Vitrine.path())", ["vitrine", "serve", "\(try TestDisk.shared().xz.path)"])
            for uri in ["nbd+unix:///?socket=" + path, "nbd://127.0.0.1:%d" % sockets[1].getsockname()[1]]:
                client = nbd.NBD()
                client.connect_uri(uri)
                print(client.get_size())
                client.shutdown()
            os.kill(server, signal.SIGTERM)
            print(os.waitpid(server, 0)[1])
            os.unlink(path)
            """
        let result = try Tool.pythonNBD.run("-c", script)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "\(TestDisk.size)\n\(TestDisk.size)\n0\n")
    }

    @Test(.needs(.sfdisk, .xz))
    func variablesMeantForAnotherProcessAreNotHeeded() throws {
        let served = try Program(
            [Vitrine.path(), "serve", TestDisk.shared().xz.path, "--run", "true"],
            environment: ["LISTEN_PID": "1", "LISTEN_FDS": "1"]
        ).wait()
        #expect(served.status == 0, "\(served.errors)")
    }

    @Test(
        .needs(.sfdisk, .xz),
        arguments: [
            ("0", "/dev/null", "LISTEN_FDS is \"0\", expected 1 to 64"),
            ("x", "/dev/null", "LISTEN_FDS is \"x\", expected 1 to 64"),
            ("65", "/dev/null", "LISTEN_FDS is \"65\", expected 1 to 64"),
            ("1", "&-", "LISTEN_FDS is 1, but file descriptor 3 is not open"),
            (
                "1", "/dev/null",
                "cannot take connections from file descriptor 3: Socket operation on non-socket"
            ),
        ])
    func whatIsNoListeningSocketIsReported(_ number: String, descriptor: String, _ text: String) throws {
        let refused = try Program([
            "/bin/sh", "-c",
            "exec 3<\(descriptor); LISTEN_PID=$$ LISTEN_FDS=\(number) exec \"$0\" serve \"$1\"",
            Vitrine.path(), TestDisk.shared().xz.path,
        ]).wait()
        #expect(refused.status == 1)
        #expect(refused.errors == "vitrine: \(text)\n")
        #expect(refused.output == "")
    }

    // MARK: -s

    @Test(.needs(.sfdisk, .xz))
    func oneClientIsServedOverTwoPipes() throws {
        let toServer = Pipe()
        let fromServer = Pipe()
        try expectOneClientServed(
            input: toServer.fileHandleForReading, output: fromServer.fileHandleForWriting,
            WireClient(
                input: dup(fromServer.fileHandleForReading.fileDescriptor),
                output: dup(toServer.fileHandleForWriting.fileDescriptor)))
    }

    @Test(.needs(.sfdisk, .xz))
    func oneClientIsServedOverASocket() throws {
        var pair: [Int32] = [-1, -1]
        try #require(
            unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0)
        let socket = FileHandle(fileDescriptor: pair[1], closeOnDealloc: true)
        try expectOneClientServed(input: socket, output: socket, WireClient(input: pair[0], output: pair[0]))
    }

    @Test(.needs(.sfdisk, .xz))
    func clientThatLeavesAtOnceIsNoError() throws {
        let toServer = Pipe()
        let fromServer = Pipe()
        let program = try Program(
            [Vitrine.path(), "serve", "-s", TestDisk.shared().xz.path], input: toServer.fileHandleForReading,
            output: fromServer.fileHandleForWriting)
        try toServer.fileHandleForWriting.close()
        let result = try program.wait()
        #expect(result.status == 0)
        #expect(result.errors == "")
        #expect(
            try Array(fromServer.fileHandleForReading.read(upToCount: 18) ?? Data()) == WireClient.greeting)
    }

    /// Standard input and output are as in a script that is run without a terminal.
    @Test(.needs(.sfdisk, .xz))
    func whatCannotBeAClientIsReported() throws {
        let fromServer = Pipe()
        let refused = try Program(
            [Vitrine.path(), "serve", "-s", TestDisk.shared().xz.path],
            output: fromServer.fileHandleForWriting
        ).wait()
        #expect(refused.status == 1)
        #expect(refused.errors.hasPrefix("vitrine: "))
        #expect(refused.errors.split(separator: "\n").count == 1, "\(refused.errors.prefix(500))")
    }

    /// Runs `vitrine serve -s` on `input` and `output`. `client` has their other ends.
    private func expectOneClientServed(input: FileHandle, output: FileHandle, _ client: WireClient) throws {
        let disk = try TestDisk.shared()
        let program = try Program(
            [Vitrine.path(), "serve", "-s", disk.xz.path], input: input, output: output)
        #expect(try client.enter() == UInt64(TestDisk.size))
        let range = 6 << 20..<9 << 20
        #expect(try client.readBytes(at: range.lowerBound, count: range.count) == disk.bytes[range])
        try client.send(WireClient.request(.disconnect))
        let result = try program.wait()
        #expect(result.status == 0)
        #expect(result.errors == "")
    }
}
