import Foundation
import TestSupport
import Testing

@testable import VitrineFormats

/// Dirty bitmaps of qcow2 images.
@Suite(.needs(.nbdinfo, .qemuImg, .qemuIO))
struct QCOW2BitmapTests {
    private func dirty(_ bitmap: any DirtyBitmap, _ size: UInt64) throws -> [Range<UInt64>] {
        var ranges: [Range<UInt64>] = []
        var position: UInt64 = 0
        while position < size {
            let found = try bitmap.extent(in: position..<size)
            #expect(found.range.lowerBound == position)
            try #require(found.range.upperBound > position && found.range.upperBound <= size)
            if found.isDirty { ranges.append(found.range) }
            position = found.range.upperBound
        }
        return ranges
    }

    @Test(arguments: [("64k", 65_536), ("512", 512), ("1M", 1 << 20)] as [(String, UInt64)])
    func bitmap(_ granularity: String, _ bytes: UInt64) throws {
        try withTemporaryFolder { folder in
            let size: UInt64 = 100 << 20
            let image = try QemuImage.create(
                folder.appending(path: "disk.qcow2"), size: size, ["-o", "cluster_size=4096"])
            try image.io(["write -q -P 1 50M 1M"])
            try image.img(["bitmap", "--add", "-g", granularity], ["b0"])
            try image.img(["bitmap", "--add", "--disable"], ["other"])
            let writes: [Range<UInt64>] = [
                0..<4096, 3 << 20..<9 << 20, 40_000_512..<40_001_024, size - 512..<size,
            ]
            try image.io(writes.map { "write -q -P 2 \($0.lowerBound) \($0.upperBound - $0.lowerBound)" })
            let opened = try DiskChecks.open(image.url)
            #expect(opened.bitmaps.map(\.name) == ["b0", "other"])
            let bitmap = try #require(opened.bitmaps.first)
            #expect(bitmap.granularity == bytes)
            let expected = writes.map {
                $0.lowerBound / bytes * bytes..<min(size, ($0.upperBound + bytes - 1) / bytes * bytes)
            }
            #expect(try dirty(bitmap, size) == expected)
            #expect(try dirty(opened.bitmaps[1], size) == [])
            let byQemu = try image.context("qemu:dirty-bitmap:b0", ["-B", "b0"]).filter { $0.type == 1 }
            #expect(byQemu.map { $0.offset..<$0.offset + $0.length } == expected)

            let slice = try Slice(opened.disk, 4 << 20..<60 << 20)
            #expect(
                try dirty(slice.bitmaps[0], slice.size)
                    == expected.map { $0.clamped(to: 4 << 20..<60 << 20) }.filter { !$0.isEmpty }
                    .map { $0.lowerBound - 4 << 20..<$0.upperBound - 4 << 20 })
            #expect(try slice.depth(in: 0..<1 << 20) == Allocation(0..<1 << 20, depth: 1))
        }
    }

    /// Clusters of bits that are read in several pieces.
    @Test func largeClusters() throws {
        try withTemporaryFolder { folder in
            let size: UInt64 = 12 << 30
            let image = try QemuImage.create(
                folder.appending(path: "disk.qcow2"), size: size, ["-o", "cluster_size=2M"])
            try image.img(["bitmap", "--add", "-g", "512"], ["b"])
            // 16 KiB of bits tell of 64 MiB.
            let writes: [Range<UInt64>] = [0..<512, 63 << 20..<65 << 20, 7 << 30..<7 << 30 + 1536]
            try image.io(writes.map { "write -q -P 1 \($0.lowerBound) \($0.upperBound - $0.lowerBound)" })
            let bitmap = try #require(try DiskChecks.open(image.url).bitmaps.first)
            #expect(try dirty(bitmap, size) == writes)
            #expect(try bitmap.extent(in: 1 << 30..<2 << 30).range == 1 << 30..<2 << 30)
        }
    }

    /// Two clusters of bits, the second unreadable. The range before it can still be read.
    @Test func clusterThatCannotBeRead() throws {
        var file = file { ($0[11], $0[17]) = (2, 9) }
        file.put(UInt64(512 << 20), at: 24)
        file.put(UInt64(1) << 40, at: 262_152)
        let bitmap = try #require(try file.open().bitmaps.first)
        let coverage: UInt64 = 65_536 * 8 * 512
        #expect(try bitmap.extent(in: 0..<512 << 20).range == 0..<coverage)
        let error = #expect(throws: ImageError.self) { _ = try bitmap.extent(in: coverage..<512 << 20) }
        #expect(error?.code == .corrupt)
    }

    @Test func snapshotsHaveNone() throws {
        try withTemporaryFolder { folder in
            let image = try QemuImage.create(folder.appending(path: "disk.qcow2"), size: 1 << 20)
            try image.img(["snapshot", "-q", "-c", "s"])
            try image.img(["bitmap", "--add"], ["b0"])
            #expect(try DiskChecks.open(image.url).bitmaps.count == 1)
            #expect(try DiskChecks.open(image.url, snapshot: "s").bitmaps.isEmpty)
        }
    }

    /// An image with a bitmap directory at 196608, and one bitmap called "b" whose table is at 262144.
    private func file(_ change: (inout [UInt8]) -> Void = { _ in }) -> QCOW2File {
        var file = QCOW2File()
        file.put(UInt64(1), at: 88)
        var entry: [UInt8] = [0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 16, 0, 1, 0, 0, 0, 0]
        entry += [98, 0, 0, 0, 0, 0, 0, 0]
        change(&entry)
        var offset = 112
        var directory: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32]
        directory += [0, 0, 0, 0, 0, 3, 0, 0]
        file.addExtension(0x2385_2875, directory, at: &offset)
        file.put(entry, at: 196_608)
        file.put([UInt8](repeating: 0, count: 65_536), at: 262_144)
        file.put(UInt64(1), at: 262_144)
        return file
    }

    @Test func allBitsAreTheSame() throws {
        let bitmap = try #require(try file().open().bitmaps.first)
        #expect(try dirty(bitmap, 1 << 20) == [0..<1 << 20])
    }

    struct Broken: Sendable, CustomStringConvertible {
        var problem: String
        var change: @Sendable (inout [UInt8]) -> Void
        var description: String { problem }

        init(_ problem: String, _ change: @escaping @Sendable (inout [UInt8]) -> Void) {
            self.problem = problem
            self.change = change
        }
    }

    @Test(arguments: [
        Broken("it was not saved properly, and bits may be missing") { $0[15] = 1 },
        Broken("flags are 0x8, which vitrine does not know") { $0[15] = 8 },
        Broken("type is 2, expected 1") { $0[16] = 2 },
        Broken("granularity bits are 8, expected 9...31") { $0[17] = 8 },
        Broken("granularity bits are 255, expected 9...31") { $0[17] = 255 },
        Broken("table size is 4278190081, expected 134217728 at most") { $0[8] = 0xFF },
        Broken("table size is 0, but a disk of 1048576 bytes takes 1") { $0[11] = 0 },
        Broken("table offset is 262145, expected a multiple of the cluster size, 65536") { $0[7] = 1 },
        Broken("the table at 72057594038190080 takes 8 bytes, but the end is at 327680") { $0[0] = 1 },
    ])
    func bitmapThatIsNotServed(_ broken: Broken) throws {
        let file = file(broken.change)
        let image = try file.open()
        #expect(image.bitmaps.isEmpty)
        #expect(image.warnings == ["qcow2: bitmap \"b\" is not served: \(broken.problem)"])
    }

    /// Decoded with replacement characters, it could have the name of another bitmap.
    @Test func nameThatIsNotUTF8() throws {
        let image = try file { $0[24] = 0xFF }.open()
        #expect(image.bitmaps.isEmpty)
        #expect(
            image.warnings == [
                "qcow2: bitmap \"\u{FFFD}\" is not served: its name is not UTF-8, so no client can ask for it"
            ])
    }

    @Test func listThatMakesNoSense() throws {
        let tooLong = file { ($0[18], $0[19]) = (4, 0) }
        #expect(
            try tooLong.open().warnings
                == ["qcow2: bitmaps cannot be listed: name length at 196626 is 1024, expected 1...1023"])
        var tooMany = file()
        tooMany.put(UInt32(65_536), at: 120)
        #expect(
            try tooMany.open().warnings
                == ["qcow2: bitmaps cannot be listed: nb_bitmaps is 65536, expected 1...65535"])
        var tooFew = file()
        tooFew.put(UInt32(2), at: 120)
        #expect(
            try tooFew.open().warnings
                == ["qcow2: bitmaps cannot be listed: the bitmap directory ends after 1 bitmaps, expected 2"])
        var tooLarge = file()
        tooLarge.put(UInt64(64 << 20 + 1), at: 128)
        #expect(
            try tooLarge.open().warnings
                == [
                    "qcow2: bitmaps cannot be listed: bitmap_directory_size is 67108865, expected 67108864 at most"
                ])
        var stale = file()
        stale.put(UInt64(0), at: 88)
        #expect(try stale.open().bitmaps.isEmpty)
        #expect(try stale.open().warnings == [])
    }

    @Test func entryThatMakesNoSense() throws {
        var file = file()
        file.put(UInt64(1) << 40, at: 262_144)
        let bitmap = try #require(try file.open().bitmaps.first)
        let error = #expect(throws: ImageError.self) { _ = try bitmap.extent(in: 0..<512) }
        #expect(
            error?.description
                == "qcow2: bitmap \"b\": table entry at 262144 is 0x10000000000, but the end of the file is at 327680"
        )
        file.put(UInt64(0x201), at: 262_144)
        let other = try #require(try file.open().bitmaps.first)
        let nonsense = #expect(throws: ImageError.self) { _ = try other.extent(in: 0..<512) }
        #expect(
            nonsense?.description
                == "qcow2: bitmap \"b\": table entry at 262144 is 0x201, which makes no sense")
    }
}
