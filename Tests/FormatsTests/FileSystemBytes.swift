import TestSupport

@testable import VitrineFormats

/// The bytes of a partition with a superblock, written by hand.
struct FileSystemBytes {
    var disk: PartitionDisk

    init(size: Int) {
        disk = PartitionDisk(size: size)
    }

    var bytes: [UInt8] { disk.bytes }

    func read(far: Bool = true) throws -> FileSystem? {
        try FileSystem.read(MemorySource(disk.bytes), readsFar: far)
    }

    /// The file system, after comparing it with what blkid tells. For that it is made larger: blkid looks for no volumes on floppy disks.
    func compared() throws -> FileSystem {
        let padding = [UInt8](repeating: 0, count: 2 << 20)
        return try withTemporaryFolder { try FileSystemFile(in: $0, disk.bytes + padding).compared() }
    }

    mutating func put(_ text: String, at offset: Int) { disk.put(Array(text.utf8), at: offset) }

    mutating func put(_ bytes: [UInt8], at offset: Int) { disk.put(bytes, at: offset) }

    mutating func put<T: FixedWidthInteger>(_ value: T, at offset: Int, isBig: Bool = false) {
        disk.put(little: isBig ? value.byteSwapped : value, at: offset)
    }
}

extension FileSystemBytes {
    /// A member of a mirror, with a superblock of version 1 at `place`.
    static func raid(size: Int, at place: Int, dataSectors: UInt64) -> FileSystemBytes {
        var result = FileSystemBytes(size: size)
        result.put(UInt32(0xA92B_4EFC), at: place)
        result.put(UInt32(1), at: place + 4)
        result.put(Array(1...16), at: place + 16)
        result.put("host:data", at: place + 32)
        result.put(Int32(1), at: place + 72)
        result.put(UInt32(2), at: place + 92)
        result.put(UInt64(place == 0 || place == 4096 ? 64 : 0), at: place + 128)
        result.put(dataSectors, at: place + 136)
        result.put(UInt64(place / 512), at: place + 144)
        var sum: UInt64 = 0
        for offset in stride(from: place, to: place + 256, by: 4) {
            sum += UInt64(result.disk.little(at: offset, count: 4))
        }
        result.put(UInt32(truncatingIfNeeded: sum + sum >> 32), at: place + 216)
        return result
    }

    /// A member of a mirror, with a superblock of version 0.90.
    static func oldRaid(size: Int, kibibytes: UInt32, isBig: Bool = false) -> FileSystemBytes {
        var result = FileSystemBytes(size: size)
        let place = size & ~0xFFFF - 0x10000
        for (offset, value) in [
            (0, 0xA92B_4EFC), (4, 0), (8, 90), (20, 0x0102_0304), (28, 1), (32, kibibytes), (40, 2),
            (52, 0x0506_0708), (56, 0x090A_0B0C), (60, 0x0D0E_0F10),
        ] as [(Int, UInt32)] {
            result.put(value, at: place + offset, isBig: isBig)
        }
        return result
    }

    /// A physical volume of LVM2, with its label in `sector`.
    static func volume(sector: Int) -> FileSystemBytes {
        var result = FileSystemBytes(size: 1 << 20)
        let place = sector * 512
        result.put("LABELONE", at: place)
        result.put(UInt64(sector), at: place + 8)
        result.put(UInt32(32), at: place + 20)
        result.put("LVM2 001", at: place + 24)
        result.put("abcdefghijklmnopqrstuvwxyz012345", at: place + 32)
        result.put(UInt64(1 << 20), at: place + 64)
        var crc: UInt32 = 0xF597_A6CF
        for byte in result.bytes[place + 20..<place + 512] {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0xEDB8_8320 }
        }
        result.put(crc, at: place + 16)
        return result
    }

    /// An XFS of version 4, with `blocks` blocks of 4 KiB, and a log of 64 blocks of 512 bytes at 4 KiB.
    static func xfs(blocks: UInt64 = 64) -> FileSystemBytes {
        var result = FileSystemBytes(size: 256 << 10)
        result.put("XFSB", at: 0)
        result.put(UInt32(4096), at: 4, isBig: true)
        result.put(blocks, at: 8, isBig: true)
        result.put(Array(1...16), at: 32)
        result.put(UInt64(1), at: 48, isBig: true)
        result.put(UInt32(64), at: 84, isBig: true)
        result.put(UInt32(8), at: 96, isBig: true)
        result.put(UInt16(4), at: 100, isBig: true)
        result.put(UInt16(512), at: 102, isBig: true)
        result.put([6], at: 124)
        result.put(UInt64(10), at: 144, isBig: true)
        return result
    }

    /// Puts a record into the log of an XFS, at block `place` of the lap `cycle`: a header, and `count` blocks.
    mutating func putRecord(at place: Int, cycle: UInt32, count: Int, isUnmount: Bool) {
        let header = 4096 + place % 64 * 512
        put(UInt32(0xFEED_BABE), at: header, isBig: true)
        put(cycle, at: header + 4, isBig: true)
        put(UInt32(2), at: header + 8, isBig: true)
        put(UInt32(count * 512), at: header + 12, isBig: true)
        put(UInt32(isUnmount ? 1 : 7), at: header + 40, isBig: true)
        put(UInt32(32768), at: header + 320, isBig: true)
        for index in 1...count {
            let block = 4096 + (place + index) % 64 * 512
            // Behind the end of the ring, another lap begins.
            put(place % 64 + index < 64 ? cycle : cycle + 1, at: block, isBig: true)
            put([isUnmount && index == 1 ? 0x20 : 0], at: block + 9)
        }
    }
}
