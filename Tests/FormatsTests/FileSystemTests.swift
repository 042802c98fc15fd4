import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

private let MiB: UInt64 = 1 << 20

/// File systems that their own programs made. blkid must find the same kind, label and identifier.
@Suite(.needs(.blkid)) struct FileSystemTests {
    /// The file system that `tool` makes.
    func made(by tool: Tool, size: UInt64 = 0, _ arguments: String...) throws -> FileSystem {
        try withTemporaryFolder { folder in
            try FileSystemFile(in: folder, tool, size: size, arguments).compared()
        }
    }

    @Test(.needs(.mkfsExt4), arguments: ["ext2", "ext3", "ext4"])
    func ext(_ kind: String) throws {
        let found = try made(by: .mkfsExt4, size: 16 * MiB, "-q", "-t", kind, "-L", "a label", "FILE")
        #expect(found.kind == kind)
        #expect(found.size == 16 * MiB)
        #expect(found.state == .clean)
        let used = try #require(found.used)
        #expect(0 < used && used < 8 * MiB)
    }

    @Test(.needs(.mkfsExt4), arguments: ["1024", "2048", "4096"])
    func ext4Blocks(_ size: String) throws {
        let found = try made(
            by: .mkfsExt4, size: 64 * MiB, "-q", "-b", size, "-O", "64bit,metadata_csum", "FILE")
        #expect(found.size == 64 * MiB)
        #expect(found.state == .clean)
        #expect(found.label == nil)
    }

    @Test(.needs(.mkfsExt4)) func journalOfExt() throws {
        let found = try made(by: .mkfsExt4, size: 16 * MiB, "-q", "-O", "journal_dev", "FILE")
        #expect(found.kind == "jbd")
    }

    @Test(.offered(by: .mkfsXFS), arguments: ["crc=1", "crc=0"])
    func xfs(_ metadata: String) throws {
        let found = try made(by: .mkfsXFS, size: 320 * MiB, "-q", "-m", metadata, "-L", "data", "FILE")
        #expect(found.size == 320 * MiB)
        #expect(found.state == .clean)
        #expect(found.variant == (metadata == "crc=1" ? "V5" : "V4"))
        #expect(found.used != nil)
    }

    @Test(.offered(by: .mkfsXFS)) func xfsWithStripesInItsLog() throws {
        let found = try made(by: .mkfsXFS, size: 400 * MiB, "-q", "-l", "su=256k", "FILE")
        #expect(found.state == .clean)
    }

    @Test(.offered(by: .mkfsBtrfs)) func btrfs() throws {
        let found = try made(by: .mkfsBtrfs, size: 200 * MiB, "-q", "-L", "data", "FILE")
        #expect(found.size == 200 * MiB)
        #expect(found.state == .clean)
        #expect(found.used != nil)
    }

    @Test(.offered(by: .mkfsF2FS)) func f2fs() throws {
        let found = try made(by: .mkfsF2FS, size: 64 * MiB, "-q", "-l", "data", "FILE")
        #expect(found.size == 64 * MiB)
        #expect(found.state == .clean)
        #expect(found.used != nil)
    }

    @Test(
        .offered(by: .mkfsFAT),
        arguments: [("12", 2, "1"), ("16", 32, "4"), ("32", 64, "1"), ("32", 300, "8")]
            as [(String, UInt64, String)])
    func fat(_ bits: String, _ size: UInt64, _ sectors: String) throws {
        let found = try made(
            by: .mkfsFAT, size: size * MiB, "-F", bits, "-s", sectors, "-n", "A LABEL", "FILE")
        #expect(found.variant == "FAT\(bits)")
        // Whole tracks of a disk, which mkfs.fat makes up.
        let bytes = try #require(found.size)
        #expect(size * MiB - 64 * 512...size * MiB ~= bytes)
        #expect(found.state == .clean)
        #expect((found.used != nil) == (bits == "32"))
    }

    @Test(.offered(by: .mkfsFAT), arguments: ["512", "1024", "4096"])
    func fatSectors(_ size: String) throws {
        let found = try made(by: .mkfsFAT, size: 40 * MiB, "-S", size, "FILE")
        #expect(found.size == 40 * MiB)
        #expect(found.label == nil)
    }

    @Test(.offered(by: .mkfsExFAT)) func exfat() throws {
        let found = try made(by: .mkfsExFAT, size: 16 * MiB, "-L", "daten", "FILE")
        #expect(found.size == 16 * MiB)
        #expect(found.state == .clean)
    }

    @Test(.offered(by: .mkfsNTFS)) func ntfs() throws {
        let found = try made(by: .mkfsNTFS, size: 16 * MiB, "-F", "-Q", "-q", "-L", "daten", "FILE")
        // The last sector is a copy of the first, and is not counted.
        #expect(found.size == 16 * MiB - 512)
        #expect(found.state == .clean)
    }

    @Test(.needs(.mkswap), arguments: ["4096", "8192", "65536"])
    func swap(_ pageSize: String) throws {
        let found = try made(by: .mkswap, size: 4 * MiB, "-p", pageSize, "-L", "swap1", "FILE")
        #expect(found.size == 4 * MiB)
        #expect(found.state == .clean)
    }

    @Test(.offered(by: .mksquashfs), arguments: ["gzip", "lzo", "xz", "lz4", "zstd"])
    func squashfs(_ compression: String) throws {
        let found = try made(by: .mksquashfs, "FOLDER", "FILE", "-quiet", "-noappend", "-comp", compression)
        #expect(found.variant == compression)
        #expect(found.state == .readOnly)
        #expect(found.used == found.size)
    }

    @Test(.offered(by: .genisoimage)) func iso9660() throws {
        let found = try made(
            by: .genisoimage, "-quiet", "-J", "-R", "-V", "LIVE", "-o", "FILE", "FOLDER")
        #expect(found.variant == "Joliet, Rock Ridge")
        #expect(found.state == .readOnly)
    }

    @Test(.offered(by: .xorriso), arguments: ["LIVE", "Longer than the 16 of Joliet"])
    func iso9660(_ label: String) throws {
        let found = try made(
            by: .xorriso, "-as", "mkisofs", "-J", "-R", "-V", label, "-o", "FILE", "FOLDER")
        #expect(found.label == label)
    }

    @Test(.offered(by: .genisoimage)) func udfWithISO9660() throws {
        let found = try made(by: .genisoimage, "-quiet", "-udf", "-J", "-V", "DVD", "-o", "FILE", "FOLDER")
        #expect(found.kind == "udf")
        #expect(found.state == .clean)
    }

    @Test(.offered(by: .mkfsUDF), arguments: ["512", "2048", "4096"])
    func udf(_ blockSize: String) throws {
        let found = try made(by: .mkfsUDF, size: 12 * MiB, "-b", blockSize, "-l", "Dateien", "FILE")
        #expect(found.variant == "2.01")
        #expect(found.state == .clean)
        #expect(found.used != nil)
    }

    @Test(.offered(by: .mkfsEROFS)) func erofs() throws {
        let found = try made(by: .mkfsEROFS, "FILE", "FOLDER")
        #expect(found.state == .readOnly)
        #expect(found.size == 4096)
    }

    @Test(.needs(.mkfsCramfs)) func cramfs() throws {
        let found = try made(by: .mkfsCramfs, "-n", "small", "FOLDER", "FILE")
        #expect(found.state == .readOnly)
    }

    @Test(.needs(.mkfsMinix), arguments: ["-1", "-2", "-3"])
    func minix(_ version: String) throws {
        let found = try made(by: .mkfsMinix, size: MiB, version, "FILE")
        #expect(found.variant == "version \(version.dropFirst())")
        #expect(found.size == MiB)
    }

    @Test(.needs(.mkfsBFS)) func bfs() throws {
        #expect(try made(by: .mkfsBFS, size: MiB, "FILE") == FileSystem("bfs"))
    }

    @Test(.offered(by: .mkfsJFS)) func jfs() throws {
        let found = try made(by: .mkfsJFS, size: 32 * MiB, "-q", "-L", "data", "FILE")
        #expect(found.state == .clean)
        let size = try #require(found.size)
        // Without its journal.
        #expect(30 * MiB..<32 * MiB ~= size)
    }

    @Test(.offered(by: .mkfsNILFS2)) func nilfs2() throws {
        let found = try made(by: .mkfsNILFS2, size: 160 * MiB, "-q", "-L", "data", "FILE")
        #expect(found.size == 160 * MiB)
        #expect(found.state == .clean)
    }

    @Test(.offered(by: .mkfsReiserFS)) func reiserfs() throws {
        let found = try made(by: .mkfsReiserFS, size: 64 * MiB, "-q", "-f", "-f", "-l", "data", "FILE")
        #expect(found.size == 64 * MiB)
        #expect(found.state == .clean)
        #expect(found.variant == "3.6")
    }

    @Test(
        .offered(by: .makefs),
        arguments: [("little", "1"), ("big", "1"), ("little", "2"), ("big", "2")])
    func ufs(_ order: String, _ version: String) throws {
        let found = try made(
            by: .makefs, "-t", "ffs", "-B", order, "-s", "4m", "-o", "version=\(version)", "FILE", "FOLDER")
        #expect(found.variant == "UFS\(version)")
        #expect(found.size == 4 * MiB)
        #expect(found.state == .clean)
        let used = try #require(found.used)
        #expect(0 < used && used < MiB)
    }

    @Test(.offered(by: .cryptsetup), arguments: ["luks1", "luks2"])
    func luks(_ version: String) throws {
        // The file is the key, too.
        let found = try made(
            by: .cryptsetup, size: 20 * MiB, "luksFormat", "-q", "--type", version, "--pbkdf", "pbkdf2",
            "--pbkdf-force-iterations", "1000", "FILE", "FOLDER/file")
        #expect(found.variant == version.uppercased())
        #expect(found.state == .encrypted)
    }

    /// The HFS Plus that xorriso puts into a partition of its images.
    @Test(.offered(by: .xorriso)) func hfsplus() throws {
        try withTemporaryFolder { folder in
            let file = try FileSystemFile(
                in: folder, .xorriso, size: 0,
                ["-as", "mkisofs", "-hfsplus", "-V", "VOLUME", "-o", "FILE", "FOLDER"])
            let disk = try FileSource(path: file.url.path)
            let table = try #require(try PartitionTable.read(disk))
            let partition = try #require(table.partitions.first { $0.name == "HFSPLUS_Hybrid" })
            let slice = try Slice(disk, partition.range)
            let found = try #require(try FileSystem.read(slice, readsFar: true))
            #expect(found.kind == "hfsplus")
            #expect(found.label == "VOLUME")
            #expect(found.size == UInt64(partition.range.count))
        }
    }
}
