import Foundation
import Testing
import TestSupport
import VitrineFormats

@testable import vitrine

/// Options that contradict each other, or make no sense, are explained, and the status is 64.
@Suite(.needs(.sfdisk, .xz))
struct CommandLineTests {
    @Test(arguments: [
        (["-U", "-", "-p", "1"], "-U cannot be used with -p or -i."),
        (["-U", "-", "-i", "127.0.0.1"], "-U cannot be used with -p or -i."),
        (["-s", "-U", "-"], "-s cannot be used with -U, -p, -i, --fuse or --run."),
        (["-s", "-p", "1"], "-s cannot be used with -U, -p, -i, --fuse or --run."),
        (["-s", "-i", "127.0.0.1"], "-s cannot be used with -U, -p, -i, --fuse or --run."),
        (["-s", "--run", "true"], "-s cannot be used with -U, -p, -i, --fuse or --run."),
        (["-s", "--fuse", "/mnt"], "-s cannot be used with -U, -p, -i, --fuse or --run."),
        (["--fuse", ""], "--fuse takes the path of a directory."),
        (["-p", "65536"], "The value '65536' is invalid for '-p <port>'"),
        (["-p", "nbd"], "The value 'nbd' is invalid for '-p <port>'"),
        (["--memory", "1M"], "--memory takes 16 MiB or more."),
        (["--memory", "lots"], "The value 'lots' is invalid for '--memory <size>'"),
        (["-e", String(repeating: "x", count: 4097)], "-e takes a name of at most 4096 bytes, in UTF-8."),
        (
            ["--allow-references", "none", "--allow-references", "/"],
            "--allow-references none cannot be used with other values."
        ),
        (
            ["--allow-references", "directory", "--allow-references", "none"],
            "--allow-references none cannot be used with other values."
        ),
        (
            ["--allow-references", ""],
            "--allow-references takes none, directory, or the path of a directory."
        ),
        (["--allow-references"], "Missing value for '--allow-references <none|directory|DIR>'"),
        (["--no-such-option"], "Unknown option '--no-such-option'"),
    ])
    func optionsThatMakeNoSense(_ options: [String], _ text: String) throws {
        let result = try Program([Vitrine.path(), "serve", TestDisk.shared().xz.path] + options).wait()
        #expect(result.status == 64)
        #expect(result.output == "")
        #expect(result.errors.hasPrefix("Error: \(text)\n"), "\(result.errors)")
    }

    @Test(arguments: [
        ("0", 0), ("4096", 4096), ("512b", 512), ("64K", 64 << 10), ("64k", 64 << 10), ("64KiB", 64 << 10),
        ("256M", 256 << 20), ("1GiB", 1 << 30), ("2t", 2 << 40), ("4194303T", 4_194_303 << 40),
    ])
    func sizesThatMakeSense(_ text: String, _ bytes: Int) {
        #expect(ByteSize(argument: text)?.bytes == bytes)
    }

    @Test(arguments: [
        "", "M", "-1", "+1", "1.5G", "1  G", "1GB", "0x10", "١M", "8388608T", "9223372036854775808",
    ])
    func sizesThatMakeNone(_ text: String) {
        #expect(ByteSize(argument: text) == nil)
    }

    @Test(
        arguments: [
            ([], .directory), (["directory"], .directory), (["directory", "directory"], .directory),
            (["none"], .none), (["none", "none"], .none), (["/srv"], .folders(["/srv"])),
            (["/srv", "../base"], .folders(["/srv", "../base"])),
            (["directory", "./none"], .folders(["./none"])), (["None"], .folders(["None"])),
        ] as [([SystemString], ReferencePolicy)])
    func referencesThatAreAllowed(_ values: [SystemString], _ policy: ReferencePolicy) {
        #expect(ReferenceOptions.policy(of: values) == policy)
    }

    @Test(arguments: [["serve"], ["index"], ["copy", "-q"]])
    func optionsOfReferencesAreTakenByWhatOpensThem(_ command: [String]) throws {
        let image = try TestDisk.shared().raw.path
        let out = command[0] == "copy" ? ["/nonexistent/copy"] : []
        for (options, text) in [
            (
                ["--allow-references", "/nonexistent"],
                "allowed directory /nonexistent: No such file or directory"
            ),
            (["--allow-references", image], "allowed directory \(image): Not a directory"),
            (
                ["--reference-format", "vhd"],
                "format of references: there is no format \"vhd\"; known are xz, gzip, tar, qcow2, qcow, vmdk, raw"
            ),
        ] {
            let result = try Program([Vitrine.path()] + command + [image] + out + options).wait()
            #expect(result.status == 1)
            #expect(result.output == "")
            #expect(result.errors == "vitrine: \(image): \(text)\n")
        }
    }

    @Test func directoriesThatAreAllowedMayBeSeveral() throws {
        let image = try TestDisk.shared().raw
        let size = try withServer(image, "--allow-references", "/", "--allow-references", "/tmp") {
            try $0.size()
        }
        #expect(size == TestDisk.size)
    }

    @Test func formatRawServesTheBytesOfTheFileItself() throws {
        let file = try TestDisk.shared().xz
        let bytes = try Data(contentsOf: file)
        try withServer(file, "--format", "raw") { server in
            let client = try server.client()
            #expect(try client.enter() == UInt64(bytes.count))
            #expect(try client.readBytes(at: 0, count: bytes.count) == bytes)
        }
    }

    @Test(arguments: ["xz", "xz,raw"])
    func formatMayNameWhatIsThere(_ format: String) throws {
        let size = try withServer(TestDisk.shared().xz, "--format", format) { try $0.size() }
        #expect(size == TestDisk.size)
    }

    @Test func memoryMayBeTheLeastThatIsAllowed() throws {
        let disk = try TestDisk.shared()
        try withServer(disk.xz, "--memory", "16M") { server in
            let client = try server.client()
            try client.enter()
            #expect(try client.readBytes(at: 0, count: TestDisk.size) == disk.bytes)
        }
    }

    @Test(arguments: [
        ["--help"], ["serve", "--help"], ["info", "--help"], ["copy", "--help"], ["index", "--help"],
        ["help", "serve"],
    ])
    func helpIsPrintedOnStandardOutput(_ arguments: [String]) throws {
        let result = try Program([Vitrine.path()] + arguments).wait()
        #expect(result.status == 0)
        #expect(result.output.contains("USAGE: vitrine"))
        #expect(result.errors == "")
    }
}
