import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

extension FileSystemTests {
    /// Reading ends, within its limits, whatever the superblocks say.
    @Suite struct Hostile {
        /// Partitions with a superblock of each family, and what belongs to it.
        static let originals: [(name: String, bytes: [UInt8], magics: [Int])] = (handBuilt + bySignature).map
        {
            let bytes = $0.1.bytes
            return ($0.0, bytes, bytes.indices.filter { bytes[$0] != 0 })
        }

        private static let handBuilt: [(String, FileSystemBytes)] = [
            ("xfs", .xfs()), ("lvm", .volume(sector: 1)),
            ("md 1.2", .raid(size: 1 << 18, at: 4096, dataSectors: 400)),
            ("md 1.0", .raid(size: 1 << 18, at: 496 * 512, dataSectors: 400)),
            ("md 0.90", .oldRaid(size: 1 << 18, kibibytes: 100)),
        ]

        /// Only the magics, with zeroes around.
        private static let bySignature: [(String, FileSystemBytes)] = [
            ("ext", 1080, [0x53, 0xEF]), ("btrfs", 0x10040, Array("_BHRfS_M".utf8)),
            ("f2fs", 1024, [0x10, 0x20, 0xF5, 0xF2]), ("exfat", 3, Array("EXFAT   ".utf8)),
            ("ntfs", 3, Array("NTFS    ".utf8)), ("fat", 510, [0x55, 0xAA]),
            ("iso9660", 32768, [1] + Array("CD001".utf8)), ("udf", 32769, Array("NSR02".utf8)),
            ("squashfs", 0, Array("hsqs".utf8)), ("erofs", 1024, [0xE2, 0xE1, 0xF5, 0xE0]),
            ("swap", 4086, Array("SWAPSPACE2".utf8)), ("luks", 0, Array("LUKS".utf8) + [0xBA, 0xBE, 0, 2]),
            ("ufs1", 8192 + 1372, [0x54, 0x19, 0x01, 0]), ("ufs2", 1372, [0x19, 0x01, 0x54, 0x19]),
            ("hfsplus", 1024, Array("H+\0\u{4}".utf8)), ("hfs", 1024, Array("BD".utf8)),
            ("apfs", 24, [1, 0, 0, 0, 0, 0, 0, 0] + Array("NXSB".utf8)),
            ("reiserfs", 65588, Array("ReIsEr2Fs".utf8)), ("jfs", 32768, Array("JFS1".utf8)),
            ("nilfs2", 1030, [0x34, 0x34]), ("minix", 1040, [0x7F, 0x13]), ("minix3", 1048, [0x5A, 0x4D]),
            ("zfs", 16384, [1, 1] + [UInt8](repeating: 0, count: 10)),
            ("cramfs", 0, [0x45, 0x3D, 0xCD, 0x28]),
        ].map { (name: String, place: Int, magic: [UInt8]) in
            var bytes = FileSystemBytes(size: 1 << 18)
            bytes.put(magic, at: place)
            return (name, bytes)
        }

        static func check(_ bytes: [UInt8], _ what: String) throws {
            let source = ObservedSource(bytes)
            let found = try FileSystem.read(source, readsFar: true)
            #expect(source.bytesRead <= SuperblockArea.headSize + SuperblockArea.farBudget, "\(what)")
            if let used = found?.used, let size = found?.size { #expect(used <= size, "\(what)") }
            let near = ObservedSource(bytes)
            _ = try FileSystem.read(near, readsFar: false)
            #expect(near.bytesRead <= SuperblockArea.headSize, "\(what)")
            #expect(near.reads <= 1, "\(what)")
        }

        /// Each byte near a magic as large as it gets, one after the other, and all of those around it.
        @Test func largestBytes() throws {
            for (name, bytes, magics) in Self.originals {
                guard let first = magics.first, let last = magics.last else { continue }
                var all = [UInt8](repeating: 0xFF, count: bytes.count)
                for index in magics { all[index] = bytes[index] }
                try Self.check(all, "\(name), all")
                for place in stride(from: max(0, first - 64), to: min(bytes.count, last + 256), by: 4) {
                    // Far from both ends of what is there, every byte would take too long.
                    guard place < first + 512 || place > last - 256 else { continue }
                    var changed = bytes
                    for index in place..<min(place + 4, bytes.count) { changed[index] = 0xFF }
                    try Self.check(changed, "\(name), \(place)")
                }
            }
        }

        @Test(arguments: [1, 2, 3, 4] as [UInt64])
        func mutations(_ seed: UInt64) throws {
            var random = SeededGenerator(seed: seed)
            for (name, bytes, magics) in Self.originals {
                for round in 0..<60 {
                    var changed = bytes
                    for _ in 0..<Int.random(in: 1...40, using: &random) {
                        guard let near = magics.randomElement(using: &random) else { continue }
                        let place = near + Int.random(in: -64...300, using: &random)
                        guard changed.indices.contains(place) else { continue }
                        let fills: [UInt8] = [
                            0, 0xFF, 0x7F, 0x80, 1, UInt8.random(in: 0...255, using: &random),
                        ]
                        changed[place] = fills.randomElement(using: &random) ?? 0
                    }
                    // Most of the time the magic must stay.
                    if round % 4 != 0 { for place in magics { changed[place] = bytes[place] } }
                    if round % 5 == 0 { changed.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
                    try Self.check(changed, "\(name), seed \(seed), round \(round)")
                }
            }
        }

        @Test func truncations() throws {
            for (name, bytes, magics) in Self.originals {
                guard let last = magics.last else { continue }
                for end in Set([0, 1, 511, 512, 1024, 1536, 4096, 32768, 65536, 69_632] + [last, last + 1]) {
                    try Self.check(Array(bytes.prefix(end)), "\(name), \(end)")
                }
            }
        }

        @Test func noise() throws {
            var random = SeededGenerator(seed: 5)
            for round in 0..<20 {
                var bytes = [UInt8](repeating: 0, count: Int.random(in: 0...100_000, using: &random))
                for index in bytes.indices { bytes[index] = UInt8.random(in: 0...255, using: &random) }
                try Self.check(bytes, "round \(round)")
            }
        }

        /// A place further on that cannot be read leaves unknown what it would tell.
        @Test func unreadablePlaces() throws {
            var bytes = FileSystemBytes.xfs()
            bytes.put(UInt64(30), at: 48, isBig: true)
            let start = SuperblockArea.headSize
            let source = ObservedSource(bytes.bytes, failing: UInt64(start)..<UInt64(bytes.bytes.count))
            let found = try #require(try FileSystem.read(source, readsFar: true))
            #expect(found.kind == "xfs")
            #expect(found.state == .unknown)
            let damaged = ObservedSource(bytes.bytes, failing: 0..<512)
            #expect(throws: ImageError.self) { try FileSystem.read(damaged, readsFar: true) }
        }

        /// File systems that another program made, changed at random.
        @Test(.offered(by: .mkfsFAT), arguments: ["12", "16", "32"])
        func mutationsOfFAT(_ bits: String) throws {
            var random = SeededGenerator(seed: 9)
            try withTemporaryFolder { folder in
                let size: UInt64 = bits == "12" ? 1 : bits == "16" ? 16 : 34
                let file = try FileSystemFile(
                    in: folder, .mkfsFAT, size: size << 20, ["-F", bits, "-s", "1", "-n", "LABEL", "FILE"])
                let whole = Array(try Data(contentsOf: file.url))
                for round in 0..<100 {
                    var bytes = whole
                    for _ in 0..<Int.random(in: 1...4, using: &random) {
                        bytes[Int.random(in: 11..<90, using: &random)] = UInt8.random(
                            in: 0...255, using: &random)
                    }
                    try Self.check(bytes, "round \(round)")
                }
            }
        }
    }
}
