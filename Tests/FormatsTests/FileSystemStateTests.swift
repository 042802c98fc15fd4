import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

private let MiB: UInt64 = 1 << 20

extension FileSystemTests {
    /// The states in which file systems were left. What the programs that make them do not do is written over what they made.
    @Suite struct States {
        /// Makes a file system as `made(by:)` does, lets `change` change it, and reads it.
        func made(
            by tool: Tool, size: UInt64 = 0, _ arguments: String..., change: (FileSystemFile) throws -> Void
        ) throws -> FileSystem {
            try withTemporaryFolder { folder in
                let file = try FileSystemFile(in: folder, tool, size: size, arguments)
                try change(file)
                return try file.compared()
            }
        }

        @Test(
            .needs(.mkfsExt4, .debugfs),
            arguments: [
                ("feature needs_recovery", .journalToReplay), ("set_super_value state 0", .notUnmounted),
                ("set_super_value state 3", .damaged),
            ] as [(String, FileSystem.State)])
        func ext4(_ command: String, _ state: FileSystem.State) throws {
            let found = try made(by: .mkfsExt4, size: 16 * MiB, "-q", "-t", "ext4", "FILE") {
                let result = try Tool.debugfs.run("-w", "-R", command, $0.url.path)
                #expect(result.status == 0)
            }
            #expect(found.state == state)
            #expect(found.used == nil)
            #expect(found.size == 16 * MiB)
        }

        /// libblkid does not take it for one.
        @Test(.needs(.mkfsExt4)) func ext4WithAWrongChecksum() throws {
            try withTemporaryFolder { folder in
                let file = try FileSystemFile(
                    in: folder, .mkfsExt4, size: 16 * MiB, ["-q", "-O", "metadata_csum", "FILE"])
                try file.write([0x7B], at: 1024 + 0x68)
                let found = try file.read()
                #expect(found.kind == "ext4")
                #expect(found.state == .damaged)
            }
        }

        @Test(.offered(by: .mkfsXFS)) func xfsWithoutARecordOfItsUnmount() throws {
            let found = try made(by: .mkfsXFS, size: 320 * MiB, "-q", "FILE") { file in
                let source = try FileSource(path: file.url.path)
                let block = Fields(try source.bytes(at: 0, count: 512), at: 0)
                let start: UInt64 = try block.big("sb_logstart", at: 48)
                let group: UInt32 = try block.big("sb_agblocks", at: 84)
                let bits = UInt64(block.bytes[124])
                let log = ((start >> bits) * UInt64(group) + start & (1 << bits - 1)) * 4096
                try file.write([0], at: log + 512 + 9)
            }
            #expect(found.state == .journalToReplay)
            #expect(found.used == nil)
        }

        @Test(.offered(by: .mkfsBtrfs)) func btrfsWithALog() throws {
            let found = try made(by: .mkfsBtrfs, size: 200 * MiB, "-q", "FILE") { file in
                let source = try FileSource(path: file.url.path)
                var block = try source.bytes(at: 65536, count: 4096)
                block[0x61] = 0x40
                var checksum: [UInt8] = []
                checksum.append(little: CRC32C.of(block[0x20...]))
                try file.write(checksum + block[4...], at: 65536)
            }
            #expect(found.state == .journalToReplay)
        }

        @Test(.offered(by: .mkfsF2FS)) func f2fs() throws {
            let found = try made(by: .mkfsF2FS, size: 64 * MiB, "-q", "FILE") { file in
                let first = try file.word(at: 1024 + 76)
                for checkpoint in [first, first + 512] { try file.write([0], at: checkpoint * 4096 + 132) }
            }
            #expect(found.state == .notUnmounted)
            #expect(found.used == nil)
        }

        @Test(
            .offered(by: .mkfsFAT),
            arguments: [
                ("32", 65, 1), ("32", 32 * 512 + 7, 0x07), ("16", 37, 1), ("16", 4 * 512 + 3, 0x7F),
                ("12", 37, 1),
            ] as [(String, UInt64, UInt8)])
        func fat(_ bits: String, _ place: UInt64, _ value: UInt8) throws {
            let size: UInt64 = bits == "12" ? 2 : bits == "16" ? 32 : 64
            let found = try made(by: .mkfsFAT, size: size * MiB, "-F", bits, "FILE") {
                try $0.write([value], at: place)
            }
            #expect(found.state == .notUnmounted)
            #expect(found.used == nil)
        }

        /// Labels that lie behind other entries, and in a second cluster.
        @Test(.offered(by: .mkfsFAT), arguments: [1, 15, 40])
        func fatWithALaterLabel(_ place: Int) throws {
            let found = try made(by: .mkfsFAT, size: 64 * MiB, "-F", "32", "-s", "1", "FILE") { file in
                let fat = try file.word(at: 36)
                let root = (32 + 2 * fat) * 512
                var entries = [UInt8](repeating: 0xE5, count: place * 32)
                entries += Array("LATER LABEL".utf8) + [8] + [UInt8](repeating: 0, count: 20)
                // Clusters 2, 3 and 4 lie behind each other.
                try file.write(entries, at: root)
                try file.write([3, 0, 0, 0, 4, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x0F], at: 32 * 512 + 8)
            }
            #expect(found.label == "LATER LABEL")
        }

        @Test(.offered(by: .mkfsExFAT)) func exfat() throws {
            let found = try made(by: .mkfsExFAT, size: 16 * MiB, "FILE") { try $0.write([2], at: 106) }
            #expect(found.state == .notUnmounted)
        }

        @Test(.offered(by: .mkfsNTFS)) func ntfs() throws {
            let found = try made(by: .mkfsNTFS, size: 16 * MiB, "-F", "-Q", "-q", "-L", "x", "FILE") { file in
                let record = try file.word(at: 48) * 4096 + 3 * 1024
                var attribute = record + UInt64(try file.word(at: record + 20) & 0xFFFF)
                while try file.word(at: attribute) != 0x70 { attribute += try file.word(at: attribute + 4) }
                let content = attribute + UInt64(try file.word(at: attribute + 20) & 0xFFFF)
                try file.write([1], at: content + 10)
            }
            #expect(found.state == .notUnmounted)
        }

        @Test(.needs(.mkswap), arguments: ["S1SUSPEND\0", "S2SUSPEND\0", "ULSUSPEND\0", "LINHIB0001"])
        func hibernatedSwap(_ magic: String) throws {
            let found = try made(by: .mkswap, size: 4 * MiB, "-L", "swap1", "FILE") {
                try $0.write(Array(magic.utf8), at: 4086)
            }
            #expect(found.kind == "swsuspend")
            #expect(found.state == .hibernated)
            #expect(found.label == "swap1")
        }

        @Test(.offered(by: .makefs)) func ufs() throws {
            let found = try made(by: .makefs, "-t", "ffs", "-s", "4m", "-o", "version=1", "FILE", "FOLDER") {
                try $0.write([0], at: 8192 + 209)
            }
            #expect(found.state == .notUnmounted)
            #expect(found.used == nil)
        }

        @Test(.offered(by: .cryptsetup)) func secondHeaderOfLUKS() throws {
            let found = try made(
                by: .cryptsetup, size: 20 * MiB, "luksFormat", "-q", "--type", "luks2", "--pbkdf", "pbkdf2",
                "--pbkdf-force-iterations", "1000", "--label", "secret", "FILE", "FOLDER/file"
            ) {
                try $0.write([UInt8](repeating: 0, count: 512), at: 0)
            }
            #expect(found.label == "secret")
            #expect(found.state == .encrypted)
        }
    }
}
