import Foundation
import Testing
import TestSupport

/// `vitrine serve -p` and `-i`
@Suite(.needs(.sfdisk, .xz))
struct TCPTests {
    /// The addresses with a listener at `port`, in hexadecimal, as the kernel shows them.
    private func addresses(listeningAt port: Int) throws -> Set<String> {
        let hex = String(port, radix: 16, uppercase: true)
        let suffix = ":" + String(repeating: "0", count: 4 - hex.count) + hex
        var found: Set<String> = []
        for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
            let text = (try? String(contentsOf: URL(filePath: table), encoding: .utf8)) ?? ""
            for line in text.split(separator: "\n").dropFirst() {
                let columns = line.split(separator: " ")
                if columns.count > 3, columns[3] == "0A", columns[1].hasSuffix(suffix) {
                    found.insert(String(columns[1].dropLast(suffix.count)))
                }
            }
        }
        return found
    }

    private let loopback4 = "0100007F"
    private let loopback6 = "00000000000000000000000001000000"

    @Test func portAloneMeansLoopbackOnly() throws {
        let port = try freePort()
        try withServer(TestDisk.shared().xz, "-p", "\(port)") { server in
            #expect(server.uri == "nbd://localhost:\(port)/")
            let addresses = try addresses(listeningAt: port)
            #expect(addresses.contains(loopback4))
            #expect(addresses.isSubset(of: [loopback4, loopback6]))
            #expect(try WireClient(loopbackPort: port).enter() == UInt64(TestDisk.size))
        }
    }

    @Test func portZeroMeansAnyFreePort() throws {
        try withServer(TestDisk.shared().xz, "-p", "0") { server in
            let port = try server.port
            #expect(port > 0)
            #expect(try WireClient(loopbackPort: port).enter() == UInt64(TestDisk.size))
        }
    }

    @Test func addressMeansThatAddressOnly() throws {
        try withServer(TestDisk.shared().xz, "-i", "127.0.0.1", "-p", "0") { server in
            let port = try server.port
            #expect(server.uri == "nbd://127.0.0.1:\(port)/")
            #expect(try addresses(listeningAt: port) == [loopback4])
        }
    }

    @Test(
        .enabled(if: FileManager.default.fileExists(atPath: "/proc/net/if_inet6"), "this machine has no IPv6")
    )
    func addressMayBeIPv6() throws {
        try withServer(TestDisk.shared().xz, "-i", "::1", "-p", "0") { server in
            let port = try #require(Int(server.uri.split(separator: ":").last?.dropLast() ?? ""))
            #expect(server.uri == "nbd://[::1]:\(port)/")
            #expect(try addresses(listeningAt: port) == [loopback6])
        }
    }

    @Test func portInUseIsReported() throws {
        let disk = try TestDisk.shared()
        try withServer(disk.xz, "-i", "127.0.0.1", "-p", "0") { server in
            let port = try server.port
            let refused = try Vitrine.run("serve", disk.raw.path, "-p", "\(port)")
            #expect(refused.status == 1)
            #expect(
                refused.errors
                    == "vitrine: cannot listen on port \(port) of 127.0.0.1: Address already in use\n")
            #expect(refused.output == "")
        }
    }

    /// Otherwise clients that take "localhost" for ::1 would find the other server.
    @Test(
        .enabled(if: FileManager.default.fileExists(atPath: "/proc/net/if_inet6"), "this machine has no IPv6")
    )
    func portInUseOnTheOtherLoopbackAddressIsReported() throws {
        let disk = try TestDisk.shared()
        try withServer(disk.xz, "-i", "::1", "-p", "0") { server in
            let port = try #require(Int(server.uri.split(separator: ":").last?.dropLast() ?? ""))
            let refused = try Vitrine.run("serve", disk.raw.path, "-p", "\(port)", "--run", "true")
            #expect(refused.status == 1)
            #expect(
                refused.errors == "vitrine: cannot listen on port \(port) of ::1: Address already in use\n")
        }
    }

    @Test func hostThatDoesNotExistIsReportedInOneLine() throws {
        let refused = try Vitrine.run("serve", TestDisk.shared().xz.path, "-i", "no-such-host.invalid")
        #expect(refused.status == 1)
        #expect(
            refused.errors
                == "vitrine: cannot listen on port 10809 of no-such-host.invalid: Name or service not known\n"
        )
    }

    @Test func addressThatIsNotOursIsReported() throws {
        // 192.0.2.0/24 is for documentation: no machine has it.
        let refused = try Vitrine.run("serve", TestDisk.shared().xz.path, "-i", "192.0.2.1", "-p", "0")
        #expect(refused.status == 1)
        #expect(
            refused.errors
                == "vitrine: cannot listen on port 0 of 192.0.2.1: Cannot assign requested address\n")
    }
}
