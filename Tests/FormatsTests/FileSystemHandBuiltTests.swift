import TestSupport
import Testing

@testable import VitrineFormats

extension FileSystemTests {
    /// Superblocks written by hand, for what no program at hand makes.
    @Suite struct HandBuilt {
        @Test(arguments: [(0, "1.1"), (4096, "1.2"), ((2048 - 16) * 512, "1.0")])
        func raid(_ place: Int, _ version: String) throws {
            let bytes = FileSystemBytes.raid(size: 1 << 20, at: place, dataSectors: 1900)
            let isFar = version == "1.0"
            if isFar { #expect(try bytes.read(far: false) == nil) }
            let found = try #require(try bytes.read())
            #expect(found.kind == "linux_raid_member")
            #expect(found.variant == "\(version), raid1 of 2")
            #expect(found.label == "host:data")
            #expect(found.uuid == "01020304-0506-0708-090a-0b0c0d0e0f10")
            #expect(found.size == 1900 * 512)
            if !isFar { #expect(try bytes.compared() == found) }
        }

        /// At the end of a disk there is the superblock of its last partition.
        @Test func raidOfAPartition() throws {
            let partition = FileSystemBytes.raid(size: 1 << 20, at: 2032 * 512, dataSectors: 2000)
            var disk = FileSystemBytes(size: 2 << 20)
            disk.put(partition.bytes, at: 1 << 20)
            #expect(try disk.read() == nil)
            #expect(try FileSystemBytes.raid(size: 1 << 20, at: 0, dataSectors: 2048).read() == nil)
            #expect(try FileSystemBytes.raid(size: 1 << 20, at: 0, dataSectors: .max).read() == nil)
        }

        @Test(arguments: [false, true])
        func oldRaid(_ isBig: Bool) throws {
            let bytes = FileSystemBytes.oldRaid(size: 1 << 20 + 5000, kibibytes: 900, isBig: isBig)
            #expect(try bytes.read(far: false) == nil)
            let found = try #require(try bytes.read())
            #expect(found.kind == "linux_raid_member")
            #expect(found.variant == "0.90, raid1 of 2")
            #expect(found.uuid == "01020304-0506-0708-090a-0b0c0d0e0f10")
            #expect(found.size == 900 * 1024)
            #expect(try FileSystemBytes.oldRaid(size: 1 << 20, kibibytes: 961).read() == nil)
        }

        /// The file system of a mirror lies at the start, too, if the superblock is at the end.
        @Test func raidBeforeWhatItHolds() throws {
            var bytes = FileSystemBytes.raid(size: 1 << 20, at: 2032 * 512, dataSectors: 2000)
            bytes.put("hsqs", at: 0)
            bytes.put(UInt16(4), at: 28)
            #expect(try bytes.read()?.kind == "linux_raid_member")
            #expect(try bytes.read(far: false)?.kind == "squashfs")
        }

        @Test(arguments: 0...3)
        func lvm(_ sector: Int) throws {
            var bytes = FileSystemBytes.volume(sector: sector)
            let found = try bytes.compared()
            #expect(found.uuid == "abcdef-ghij-klmn-opqr-stuv-wxyz-012345")
            #expect(found.size == 1 << 20)
            #expect(found.state == .clean)
            bytes.put([1], at: sector * 512 + 100)
            #expect(try bytes.read()?.state == .damaged)
        }

        @Test func xfsLogs() throws {
            var fresh = FileSystemBytes.xfs()
            #expect(try fresh.read()?.state == .clean)
            #expect(try fresh.read()?.used == 54 * 4096)
            fresh.putRecord(at: 0, cycle: 1, count: 1, isUnmount: true)
            #expect(try fresh.read()?.state == .clean)
            fresh.putRecord(at: 2, cycle: 1, count: 5, isUnmount: false)
            #expect(try fresh.read()?.state == .journalToReplay)
            #expect(try fresh.read()?.used == nil)
            fresh.putRecord(at: 8, cycle: 1, count: 1, isUnmount: true)
            #expect(try fresh.read()?.state == .clean)
        }

        /// Logs that have been written around, with the last record at each place.
        @Test(arguments: 0..<64, [1, 3])
        func xfsLogsAround(_ end: Int, _ count: Int) throws {
            for isUnmount in [true, false] {
                var bytes = FileSystemBytes.xfs()
                for place in stride(from: 0, to: 64, by: 2) {
                    bytes.putRecord(at: place, cycle: 5, count: 1, isUnmount: false)
                }
                // Up to `end` the log is of the next lap.
                for place in 0..<end { bytes.put(UInt32(6), at: 4096 + place * 512, isBig: true) }
                let start = end - 1 - count
                bytes.putRecord(
                    at: start < 0 ? start + 64 : start, cycle: start < 0 ? 5 : 6, count: count,
                    isUnmount: isUnmount)
                #expect(try bytes.read()?.state == (isUnmount ? .clean : .journalToReplay), "\(isUnmount)")
            }
        }

        @Test func xfsWithoutItsLog() throws {
            var bytes = FileSystemBytes.xfs()
            bytes.put(UInt64(0), at: 48)
            #expect(try bytes.read()?.state == .unknown)
            bytes.put(UInt64.max, at: 48)
            #expect(try bytes.read()?.state == .unknown)
        }

        @Test func zfs() throws {
            var bytes = FileSystemBytes(size: 1 << 20)
            bytes.put([1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], at: 16384)
            var place = 16384 + 12
            for (name, type, value) in [
                ("version", 8, [0, 0, 0, 0, 0, 0, 0x13, 0x88]),
                ("name", 9, [0, 0, 0, 5] + Array("tank1\0\0\0".utf8)),
                ("state", 8, [0, 0, 0, 0, 0, 0, 0, 1]),
                ("pool_guid", 8, [0x80, 0, 0, 0, 0, 0, 0, 1]),
            ] as [(String, UInt32, [UInt8])] {
                let padded = (name.utf8.count + 3) & ~3
                bytes.put(UInt32(12 + padded + 8 + value.count), at: place, isBig: true)
                bytes.put(UInt32(name.utf8.count), at: place + 8, isBig: true)
                bytes.put(name, at: place + 12)
                bytes.put(type, at: place + 12 + padded, isBig: true)
                bytes.put(UInt32(1), at: place + 16 + padded, isBig: true)
                bytes.put(value, at: place + 20 + padded)
                place += 20 + padded + value.count
            }
            let found = try #require(try bytes.read(far: false))
            #expect(found.kind == "zfs_member")
            #expect(found.label == "tank1")
            #expect(found.uuid == "9223372036854775809")
            #expect(found.state == .clean)
        }

        @Test func hfs() throws {
            var bytes = FileSystemBytes(size: 1 << 20)
            bytes.put("BD", at: 1024)
            bytes.put(UInt16(1900), at: 1024 + 18, isBig: true)
            bytes.put(UInt32(512), at: 1024 + 20, isBig: true)
            bytes.put([4] + Array("Disk".utf8), at: 1024 + 36)
            let found = try bytes.compared()
            #expect(found.kind == "hfs")
            #expect(found.size == 1900 * 512)
        }

        @Test(
            arguments: [
                (1 << 8, .clean), (1 << 8 | 1 << 11, .damaged), (0, .notUnmounted),
                (1 << 13, .journalToReplay),
            ]
                as [(UInt32, FileSystem.State)])
        func hfsplusStates(_ attributes: UInt32, _ state: FileSystem.State) throws {
            var bytes = FileSystemBytes(size: 1 << 20)
            // In an HFS, whose blocks start at sector 16; the embedded one at the second.
            bytes.put("BD", at: 1024)
            bytes.put(UInt32(4096), at: 1024 + 20, isBig: true)
            bytes.put(UInt16(16), at: 1024 + 28, isBig: true)
            bytes.put("H+", at: 1024 + 124)
            bytes.put(UInt16(1), at: 1024 + 126, isBig: true)
            let inner = 16 * 512 + 4096 + 1024
            bytes.put("H+", at: inner)
            bytes.put(UInt16(4), at: inner + 2, isBig: true)
            bytes.put(attributes, at: inner + 4, isBig: true)
            bytes.put(UInt32(4096), at: inner + 40, isBig: true)
            bytes.put(UInt32(200), at: inner + 44, isBig: true)
            bytes.put(UInt32(150), at: inner + 48, isBig: true)
            let found = try #require(try bytes.read())
            #expect(found.kind == "hfsplus")
            #expect(found.state == state)
            #expect(found.size == 200 * 4096)
            let used: UInt64? = state == .clean ? 50 * 4096 : nil
            #expect(found.used == used)
        }

        @Test func apfs() throws {
            var bytes = FileSystemBytes(size: 1 << 20)
            bytes.put([1, 0], at: 24)
            bytes.put("NXSB", at: 32)
            bytes.put(UInt32(4096), at: 36)
            bytes.put(UInt64(256), at: 40)
            bytes.put(Array(1...16), at: 72)
            let found = try #require(try bytes.read())
            #expect(found.kind == "apfs")
            #expect(found.size == 1 << 20)
            #expect(found.uuid == "01020304-0506-0708-090a-0b0c0d0e0f10")
            bytes.put(UInt64.max, at: 40)
            #expect(try bytes.read()?.kind == "apfs")
            #expect(try bytes.read()?.size == nil)
        }

        @Test func bcachefs() throws {
            var bytes = FileSystemBytes(size: 1 << 20)
            bytes.put(
                [
                    0xC6, 0x85, 0x73, 0xF6, 0x66, 0xCE, 0x90, 0xA9, 0xD9, 0x6A, 0x60, 0xCF, 0x80, 0x3D, 0xF7,
                    0xEF,
                ],
                at: 4096 + 24)
            bytes.put(Array(1...16), at: 4096 + 56)
            bytes.put("cache", at: 4096 + 72)
            bytes.put([2], at: 4096 + 123)
            let found = try #require(try bytes.read())
            #expect(found.kind == "bcachefs")
            #expect(found.label == "cache")
            #expect(found.variant == "one of 2 devices")
        }

        @Test(arguments: [
            ("BitLocker", "-FVE-FS-", 3), ("vdo", "dmvdo001", 0), ("DM_integrity", "integrt\0", 0),
            ("ocfs2", "OCFSV2", 2048), ("romfs", "-rom1fs-", 0), ("ReFS", "ReFS\0", 3),
        ])
        func byNameOnly(_ kind: String, _ magic: String, _ place: Int) throws {
            var bytes = FileSystemBytes(size: 100_000)
            bytes.put(magic, at: place)
            #expect(try bytes.read()?.kind == kind)
        }

        /// A superblock that an older file system left is not believed if it cannot be right.
        @Test func twoSuperblocks() throws {
            var bytes = FileSystemBytes.xfs()
            bytes.put([0x53, 0xEF, 1, 0], at: 1024 + 0x38)
            bytes.put(UInt32(250), at: 1024 + 4)
            #expect(try bytes.read()?.kind == "xfs")
            #expect(try bytes.read()?.rivals == ["ext2"])
            bytes.put(UInt32(500), at: 1024 + 4)
            #expect(try bytes.read()?.kind == "xfs")
            #expect(try bytes.read()?.rivals == [])
            var larger = FileSystemBytes.xfs(blocks: 65)
            larger.put([0x53, 0xEF, 1, 0], at: 1024 + 0x38)
            larger.put(UInt32(250), at: 1024 + 4)
            #expect(try larger.read()?.kind == "ext2")
            #expect(try larger.read()?.rivals == [])
        }

        @Test func impossibleNumbers() throws {
            var bytes = FileSystemBytes.xfs(blocks: .max)
            #expect(try bytes.read()?.size == nil)
            #expect(try bytes.read()?.kind == "xfs")
            bytes.put(UInt32.max, at: 4)
            #expect(try bytes.read()?.kind == "xfs")
            #expect(try bytes.read()?.state == .damaged)
        }

        @Test func nothing() throws {
            #expect(try FileSystemBytes(size: 0).read() == nil)
            #expect(try FileSystemBytes(size: 1 << 20).read() == nil)
            // A master boot record is no FAT.
            let disk = PartitionDisk.mbr(.init(type: 0x83, start: 1, count: 100))
            #expect(try FileSystem.read(MemorySource(disk.bytes), readsFar: true) == nil)
        }
    }
}
