import Foundation
import Glibc
import Testing
import TestSupport

/// The end of a server that was started with its sockets (LISTEN_FDS): with its last client, or with the process that
/// started it.
@Suite struct PassedSocketLifetimeTests {
    /// The process number that a server has written to `pidfile`.
    private func server(_ pidfile: URL) throws -> Int32 {
        try until("the pidfile is there") {
            (try? String(contentsOf: pidfile, encoding: .utf8)).flatMap { Int32($0.filter(\.isNumber)) }
        }
    }

    @Test(.needs(.nbdinfo, .sfdisk, .xz))
    func serverEndsWithAClientThatFails() throws {
        try withTemporaryFolder { folder in
            let pidfile = folder.appending(path: "pid")
            // The server holds the pipe too, which ends when nobody does any more.
            let told = try Program([
                "/bin/sh", "-c",
                "nbdinfo --map=no:such -- [ \"$0\" serve \"$1\" -P \"$2/pid\" ] | cat", Vitrine.path(),
                TestDisk.shared().xz.path, folder.path,
            ]).wait()
            #expect(told.errors.contains("no:such"), "\(told.errors)")
            try until("the server has ended") { pidfile.exists ? nil : () }
        }
    }

    /// A client in Python that can `start` a server, and does what `rest` says.
    private func client(_ folder: URL, rest: String) throws -> Program {
        let script = """
            import nbd, os, signal, sys, threading
            h = nbd.NBD()
            def start():
                h.connect_systemd_socket_activation(
                    ["\(try Vitrine.path())", "serve", "\(try TestDisk.shared().xz.path)", "-P", "\(folder.path)/pid"])
            \(rest)
            """
        return try Program(["/usr/bin/python3", "-c", script])
    }

    @Test(.needs(.pythonNBD, .sfdisk, .xz))
    func serverEndsWithAClientThatIsKilled() throws {
        try withTemporaryFolder { folder in
            let client = try client(folder, rest: "start(); print(h.get_size(), flush=True); signal.pause()")
            #expect(try client.firstLine() == "\(TestDisk.size)")
            let server = try server(folder.appending(path: "pid"))
            #expect(isRunning(server))
            client.send(SIGKILL)
            #expect(try client.wait().status == 128 + SIGKILL)
            try until("the server has ended") { isRunning(server) ? nil : () }
        }
    }

    /// PR_SET_PDEATHSIG would end the server with the thread.
    @Test(.needs(.pythonNBD, .sfdisk, .xz))
    func serverOutlivesTheThreadThatStartedIt() throws {
        try withTemporaryFolder { folder in
            let client = try client(
                folder,
                rest: """
                    thread = threading.Thread(target=start); thread.start(); thread.join()
                    for offset in range(0, \(TestDisk.size), 1 << 20): h.pread(4096, offset)
                    print(h.pread(4, 2 << 20).hex())
                    h.shutdown()
                    """)
            let result = try client.wait()
            #expect(result.output == "a5a5a5a5\n", "\(result.errors)")
        }
    }

    // MARK: Accept=yes

    /// Runs `vitrine serve` with `connection` as the only passed socket.
    private func serve(_ connection: Int32) throws -> Program {
        try Program(
            [
                "/bin/sh", "-c",
                "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" serve \"$1\"", Vitrine.path(),
                TestDisk.shared().xz.path,
            ], input: FileHandle(fileDescriptor: connection, closeOnDealloc: true))
    }

    @Test(.needs(.sfdisk, .xz))
    func connectedSocketIsServed() throws {
        var pair: [Int32] = [-1, -1]
        try #require(
            unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0)
        let client = WireClient(input: pair[0], output: pair[0])
        try expectServed(client, by: serve(pair[1]))
    }

    @Test(.needs(.sfdisk, .xz))
    func connectedSocketOfTCPIsServed() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(listener) }
        try #require(listen(listener, 1) == 0)
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(listener, $0, &size)
            }
        }
        try #require(status == 0)
        let client = try WireClient(loopbackPort: Int(UInt16(bigEndian: address.sin_port)))
        try expectServed(client, by: serve(accept(listener, nil, nil)))
    }

    /// Expects `client` to be served by `program`, which ends when it leaves.
    private func expectServed(_ client: WireClient, by program: Program) throws {
        #expect(try client.enter() == UInt64(TestDisk.size))
        let bytes = try client.readBytes(at: TestDisk.pattern.lowerBound, count: 4096)
        #expect(bytes == Data(repeating: 0xA5, count: 4096))
        #expect(program.isRunning)
        try client.send(WireClient.request(.disconnect))
        let result = try program.wait()
        #expect(result.status == 0)
        #expect(result.errors == "")
        #expect(result.output == "")
    }

    @Test(.needs(.sfdisk, .xz))
    func socketThatIsNeitherIsReported() throws {
        let refused = try serve(socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
            .wait()
        #expect(refused.status == 1)
        #expect(
            refused.errors == "vitrine: the socket on file descriptor 3 neither listens nor is connected\n")
    }

    /// Another holder of the socket has shut it down. A server that nobody can reach any more does not stay.
    @Test(.needs(.sfdisk, .xz))
    func serverWhoseSocketIsGoneEndsWithAnError() throws {
        try withTemporaryFolder { folder in
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            defer { close(listener) }
            try #require(listen(listener, 1) == 0)
            let copy = fcntl(listener, F_DUPFD_CLOEXEC, 0)
            let program = try serve(copy)
            // It is in use when it does not block any more.
            try until("the server listens") { fcntl(listener, F_GETFL) & O_NONBLOCK != 0 ? () : nil }
            try #require(shutdown(listener, Int32(SHUT_RDWR)) == 0)
            let result = try program.wait()
            #expect(result.status == 1)
            #expect(result.errors == "vitrine: no connections can be taken any more: Invalid argument\n")
        }
    }
}
