import Foundation
import Glibc
import Testing
import TestSupport

/// `vitrine serve --run`
@Suite(.needs(.sfdisk, .xz))
struct RunOptionTests {
    @Test(arguments: [0, 1, 7, 255])
    func exitStatusIsThatOfTheCommand(_ status: Int32) throws {
        let result = try Vitrine.run("serve", TestDisk.shared().xz.path, "--run", "exit \(status)")
        #expect(result.status == status)
        #expect(result.output == "")
        #expect(result.errors == "")
    }

    @Test func exitStatusSaysWhichSignalEndedTheCommand() throws {
        let result = try Vitrine.run("serve", TestDisk.shared().xz.path, "--run", "kill -KILL $$")
        #expect(result.status == 128 + SIGKILL)
        #expect(result.errors == "")
    }

    @Test func commandThatDoesNotExistIsTheShellsBusiness() throws {
        let result = try Vitrine.run("serve", TestDisk.shared().xz.path, "--run", "no-such-command")
        #expect(result.status == 127)
    }

    @Test(.needs(.nbdinfo))
    func commandCanUseTheServer() throws {
        let result = try Vitrine.run("serve", TestDisk.shared().xz.path, "--run", "nbdinfo --size \"$uri\"")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "\(TestDisk.size)\n")
    }

    @Test func variablesSayWhereTheSocketIs() throws {
        try withTemporaryFolder { folder in
            let socket = folder.path + "/my socket"
            let result = try Vitrine.run(
                "serve", TestDisk.shared().xz.path, "-U", socket, "-e", "disk 1",
                "--run",
                "test -S \"$unixsocket\" && printf '%s\\n' \"$uri\" \"$unixsocket\" \"$exportname\" \"$nbd\"")
            #expect(result.status == 0, "\(result.errors)")
            #expect(
                result.output.split(separator: "\n") == [
                    "nbd+unix:///disk%201?socket=\(folder.path)/my%20socket", "\(socket)", "disk 1",
                    "nbd:unix:\(socket)",
                ])
        }
    }

    @Test func variablesSayWhichPortItIs() throws {
        let result = try Vitrine.run(
            "serve", TestDisk.shared().xz.path, "-p", "0", "--run", "echo \"$port $uri $nbd [$unixsocket]\"")
        #expect(result.status == 0, "\(result.errors)")
        let port = result.output.prefix { $0.isNumber }
        #expect(result.output == "\(port) nbd://localhost:\(port)/ nbd:localhost:\(port) []\n")
    }

    @Test func privateSocketIsForThisUserOnlyAndGoesAway() throws {
        try withTemporaryFolder { folder in
            let result = try Vitrine.run(
                "serve", TestDisk.shared().xz.path, "-U", "-",
                "--run", "stat -c %a \"$(dirname \"$unixsocket\")\"; echo \"$unixsocket\"",
                environment: ["TMPDIR": folder.path])
            let lines = result.output.split(separator: "\n")
            try #require(lines.count == 2, "\(result.errors)")
            #expect(lines[0] == "700")
            #expect(lines[1].hasPrefix(folder.path + "/"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        }
    }

    /// The command can end cleanly only if it gets the signal, and only its status says if it did.
    @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
    func signalIsPassedOnAndTheCommandWaitedFor(_ signal: Int32) throws {
        try withTemporaryFolder { folder in
            let started = folder.appending(path: "started")
            let program = try Program([
                Vitrine.path(), "serve", TestDisk.shared().xz.path, "-U", folder.path + "/socket", "--run",
                "trap 'exit 3' TERM; touch '\(started.path)'; while :; do sleep 0.05; done",
            ])
            try until("the command runs") { started.exists ? () : nil }
            program.send(signal)
            let result = try program.wait()
            #expect(result.status == 3)
            #expect(result.errors == "")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["started"])
        }
    }

    @Test func commandInheritsNothingOfTheServer() throws {
        let result = try Vitrine.run(
            "serve", TestDisk.shared().xz.path, "-p", "0", "--run", "ls /proc/$$/fd")
        #expect(result.output == "0\n1\n2\n", "the command has descriptors of the server's open")
    }
}
