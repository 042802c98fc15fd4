import Foundation
import Glibc
import Testing
import TestSupport
import VitrineFormats

@testable import vitrine

/// The default of --memory.
@Suite struct MemoryAllowanceTests {
    @Test(
        arguments: [
            (nil, nil, 256 << 20), (1 << 40, nil, 256 << 20), (512 << 20, nil, 256 << 20),
            (100 << 20, nil, 50 << 20), (10 << 20, nil, 16 << 20), (nil, 400 << 20, 100 << 20),
            (100 << 20, 400 << 20, 50 << 20), (400 << 20, 400 << 20, 100 << 20),
            (UInt64.max, UInt64.max, 256 << 20),
        ] as [(UInt64?, UInt64?, Int)])
    func isAShareOfWhatIsLeft(_ group: UInt64?, _ addressSpace: UInt64?, _ memory: Int) {
        #expect(MemoryAllowance(group: group, addressSpace: addressSpace).defaultMemory == memory)
    }

    /// What is mounted gets a quarter of what the system has available, within bounds.
    @Test(
        arguments: [
            (nil, nil, 256 << 20), (nil, 512 << 20, 256 << 20), (nil, 4 << 30, 1 << 30),
            (nil, 1 << 40, 4 << 30), (1 << 30, 64 << 30, 512 << 20), (100 << 20, 64 << 30, 50 << 20),
        ] as [(UInt64?, UInt64?, Int)])
    func aMountGetsAQuarterOfWhatIsAvailable(_ group: UInt64?, _ available: UInt64?, _ memory: Int) {
        let allowance = MemoryAllowance(group: group, addressSpace: nil, available: available)
        #expect(allowance.mountMemory == memory)
    }

    /// The groups above a group limit it too, if they can be seen.
    @Test(
        arguments: [
            ("0::/a/b\n", ["memory.max": "900", "a/memory.max": "300", "a/b/memory.max": "max"], 300),
            ("0::/a/b\n", ["memory.max": "200", "a/memory.max": "300"], 200),
            ("0::/a/b\n", ["a/b/memory.max": "max\n"], nil),
            ("0::/elsewhere\n", ["a/memory.max": "300"], nil),
            (
                "5:devices:/a\n4:cpu,memory:/a:b\n0::/\n",
                [
                    "memory/memory.limit_in_bytes": "9223372036854771712\n",
                    "memory/a:b/memory.limit_in_bytes": "400\n", "memory.max": "max\n",
                ], 400
            ),
            ("", ["memory.max": "1"], nil), ("rubbish\n0::\n", ["memory.max": "77\n"], 77),
        ] as [(String, [String: String], UInt64?)])
    func groupsAreThoseOfTheProcess(_ memberships: String, _ files: [String: String], _ limit: UInt64?) throws
    {
        try withTemporaryFolder { folder in
            let list = try folder.file("list", memberships)
            let mount = folder.appending(path: "groups")
            for (name, text) in files {
                let file = mount.appending(path: name)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            }
            #expect(MemoryAllowance(memberships: list.path, mount: mount.path).group == limit)
        }
    }

    /// A small address space, as in a small virtual machine, gives an error that helps and no end by a signal.
    @Test(.needs(.xz)) func littleAddressSpaceIsAnErrorThatSaysWhatWouldDo() throws {
        try withTemporaryFolder { folder in
            let image = folder.appending(path: "disk.raw")
            // It must be longer than the dictionary, which is not used otherwise.
            try Data().write(to: image)
            try #require(unsafe truncate(image.path, 80 << 20) == 0)
            _ = try Tool.xz.run("-0", "--lzma2=preset=0,dict=64MiB", "-T1", image.path)
            func copy(_ options: String) throws -> ProgramResult {
                try Program([
                    "/bin/sh", "-c", "ulimit -v 300000; exec \"$0\" copy \"$1\" - \(options) | wc -c",
                    Vitrine.path(), image.path + ".xz",
                ]).wait()
            }
            let refused = try copy("--no-index")
            #expect(refused.output == "0\n")
            let errors = refused.errors
            #expect(
                errors.contains("more than one decoder may take of the memory limit; --memory "), "\(errors)")
            let words = errors.split(separator: " ")
            let place = try #require(words.firstIndex(of: "--memory"))
            let size = try #require(ByteSize(argument: String(words[place + 1])))
            let enough = try Program([
                Vitrine.path(), "copy", image.path + ".xz", folder.path + "/out", "--memory",
                "\(size.bytes)", "-q", "--no-index",
            ]).wait()
            #expect(enough.status == 0, "\(enough.errors)")
        }
    }
}
