import CZlib
import CZstd
import TestSupport
import Testing

@testable import VitrineFormats

/// Unusual clusters that qemu reads, and clusters that cannot be read, while those around them still can.
@Suite struct QCOW2ClusterTests {
    private static let content = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 5) }

    private func zstd(_ bytes: ArraySlice<UInt8>) -> [UInt8] { Zstd.compress(Array(bytes), level: 3) }

    /// Compresses `bytes` as raw deflate, with a last block if `ends`, and flushed otherwise.
    private func deflate(_ bytes: [UInt8], ends: Bool = true) -> [UInt8] {
        var stream = unsafe z_stream()
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        let status = unsafe deflateInit2_(
            &stream, 6, Z_DEFLATED, -12, 8, Z_DEFAULT_STRATEGY, zlibVersion(), size)
        precondition(status == Z_OK)
        defer { _ = unsafe deflateEnd(&stream) }
        var (input, output) = (bytes, [UInt8](repeating: 0, count: bytes.count + 1000))
        unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe stream.next_in = input.baseAddress
                unsafe stream.avail_in = UInt32(input.count)
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(output.count)
                _ = unsafe CZlib.deflate(&stream, ends ? Z_FINISH : Z_SYNC_FLUSH)
            }
        }
        return unsafe Array(output.dropLast(Int(stream.avail_out)))
    }

    private func expect(
        _ file: QCOW2File, cluster number: Int, is content: [UInt8],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let disk = try file.open().disk
        let bytes = try disk.bytes(at: UInt64(number * file.clusterSize), count: file.clusterSize)
        #expect(bytes == content, sourceLocation: sourceLocation)
    }

    /// Expects reading cluster `number` to end with `error`, and the others to be readable.
    private func expect(
        _ file: QCOW2File, cluster number: Int, fails error: String, _ code: ImageError.Code = .corrupt,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let disk = try file.open().disk
        let size = UInt64(file.clusterSize)
        let found = #expect(throws: ImageError.self, sourceLocation: sourceLocation) {
            try disk.bytes(at: UInt64(number) * size + 7, count: 100)
        }
        #expect(found?.description == error, sourceLocation: sourceLocation)
        #expect(found?.code == code, sourceLocation: sourceLocation)
        for other in 0..<16 where other != number {
            _ = try disk.bytes(at: UInt64(other) * size, count: Int(size))
        }
    }

    // MARK: Compressed clusters

    @Test func deflateStream() throws {
        var file = QCOW2File()
        file.addCompressed(3, deflate(Self.content))
        try expect(file, cluster: 3, is: Self.content)
    }

    @Test func deflateStreamWithoutALastBlock() throws {
        var file = QCOW2File()
        file.addCompressed(3, deflate(Self.content, ends: false))
        try expect(file, cluster: 3, is: Self.content)
        // With more data behind it, as in most images.
        file.addCompressed(4, deflate(Self.content))
        try expect(file, cluster: 3, is: Self.content)
        try expect(file, cluster: 4, is: Self.content)
    }

    @Test func deflateStreamOfMoreThanACluster() throws {
        var file = QCOW2File()
        file.addCompressed(3, deflate(Self.content + [1, 2, 3]))
        try expect(file, cluster: 3, is: Self.content)
    }

    @Test func deflateStreamThatEndsEarly() throws {
        var file = QCOW2File()
        let data = deflate(Self.content.dropLast())
        file.addCompressed(3, data)
        try expect(
            file, cluster: 3,
            fails:
                "qcow2: compressed cluster at 196608: deflate data of \(data.count) bytes holds 65535 bytes, expected 65536"
        )
    }

    @Test func deflateStreamOfGarbage() throws {
        var file = QCOW2File()
        file.addCompressed(0, [UInt8](repeating: 0xFF, count: 300))
        try expect(
            file, cluster: 0,
            fails:
                "qcow2: compressed cluster at 196608: deflate data of 300 bytes is damaged: invalid block type"
        )
    }

    @Test func zstdFrame() throws {
        var file = QCOW2File(compression: 1)
        file.addCompressed(3, zstd(Self.content[...]))
        file.addCompressed(4, zstd(Self.content[...]))
        try expect(file, cluster: 3, is: Self.content)
        try expect(file, cluster: 4, is: Self.content)
    }

    @Test func zstdFramesTogether() throws {
        var file = QCOW2File(compression: 1)
        let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3]
        file.addCompressed(
            3,
            zstd(Self.content[..<1000]) + skippable + zstd([]) + zstd(Self.content[1000..<40_000])
                + zstd(Self.content[40_000...]))
        file.addCompressed(4, zstd(Self.content[...]))
        try expect(file, cluster: 3, is: Self.content)
        try expect(file, cluster: 4, is: Self.content)
    }

    /// The bytes after the frames are nothing, padding, or another cluster's.
    @Test(arguments: [[], [UInt8](repeating: 0, count: 100), [UInt8](repeating: 0x55, count: 100)])
    func zstdFramesOfTooLittle(_ rest: [UInt8]) throws {
        var file = QCOW2File(compression: 1)
        let frame = zstd(Self.content[..<60_000])
        file.addCompressed(3, frame + rest)
        try expect(
            file, cluster: 3,
            fails: "qcow2: compressed cluster at 196608: zstd frames end at byte \(frame.count) of "
                + "\(frame.count + rest.count) and hold 60000 bytes, expected 65536")
    }

    @Test func zstdFrameThatIsCutShort() throws {
        var file = QCOW2File(compression: 1)
        let frame = zstd(Self.content[...])
        file.addCompressed(3, Array(frame.dropLast(9)))
        try expect(
            file, cluster: 3,
            fails: "qcow2: compressed cluster at 196608: zstd frame at byte 0 of \(frame.count - 9) is cut "
                + "short")
    }

    @Test(arguments: [
        ([UInt8](repeating: 0x55, count: 100), "100 is damaged"),
        // Dictionary 7, and one raw block of 4 bytes.
        ([0x28, 0xB5, 0x2F, 0xFD, 0x21, 7, 4, 0x21, 0, 0, 1, 2, 3, 4], "14 needs a dictionary"),
    ])
    func zstdFrameThatCannotBeDecoded(_ frame: [UInt8], _ problem: String) throws {
        var file = QCOW2File(compression: 1)
        file.addCompressed(3, frame)
        try expect(
            file, cluster: 3,
            fails: "qcow2: compressed cluster at 196608: zstd frame at byte 0 of \(problem)")
    }

    @Test func zstdFramesOfTooMuch() throws {
        var file = QCOW2File(compression: 1)
        let frames = zstd(Self.content[...])
        let both = zstd([1]) + frames
        file.addCompressed(3, both)
        try expect(
            file, cluster: 3,
            fails: "qcow2: compressed cluster at 196608: zstd frame at byte \(both.count - frames.count) of "
                + "\(both.count) holds more than the 65535 bytes that are left of the cluster")
    }

    @Test func zstdWindowOf2GiB() throws {
        var file = QCOW2File(compression: 1)
        // A frame without a content size, of one raw block, whose window is 2^31.
        file.addCompressed(3, [0x28, 0xB5, 0x2F, 0xFD, 0, 21 << 3, 1, 0, 0])
        try expect(
            file, cluster: 3,
            fails:
                "qcow2: compressed cluster at 196608: zstd frame at byte 0 of 9 asks for a window of 2^31 bytes, "
                + "expected 2^27 at most", .limit)
    }

    @Test func compressedClusterPastTheEnd() throws {
        var file = QCOW2File()
        file.setEntry(3, 1 << 62 | 1 << 40)
        try expect(
            file, cluster: 3,
            fails: "qcow2: compressed cluster at 1099511627776: the end of the file is at 196608")
        file.setEntry(3, .max)
        try expect(
            file, cluster: 3,
            fails: "qcow2: compressed cluster at 18014398509481983: the end of the file is at 196608")
    }

    /// The size in the descriptor goes to the end of a sector, which need not be there.
    @Test func lastSectorIsNotWhole() throws {
        var file = QCOW2File()
        let data = deflate(Self.content)
        file.addCompressed(3, data)
        #expect(file.bytes.count % 512 != 0)
        try expect(file, cluster: 3, is: Self.content)
    }

    // MARK: Normal clusters

    @Test func fileThatEndsInsideACluster() throws {
        var file = QCOW2File()
        file.addData(3, Array(Self.content[..<1000]))
        try expect(file, cluster: 3, is: Self.content[..<1000] + [UInt8](repeating: 0, count: 64_536))
        let disk = try file.open().disk
        #expect(
            try DiskChecks.extents(disk) == [
                Extent(0..<3 << 16, .hole), Extent(3 << 16..<3 << 16 + 1000, .data),
                Extent(3 << 16 + 1000..<4 << 16, .zero), Extent(4 << 16..<1 << 20, .hole),
            ])
    }

    @Test func fileThatEndsBeforeACluster() throws {
        var file = QCOW2File()
        file.addData(2, Self.content)
        file.addData(3, Self.content)
        file.truncate(to: file.bytes.count - 65_536)
        try expect(
            file, cluster: 3,
            fails:
                "qcow2: the cluster at 262144, for disk offset 196608, lies past the end of the file at 262144: "
                + "it is cut short")
        #expect(try DiskChecks.extents(file.open().disk).map(\.kind) == [.hole, .data, .hole])
    }

    struct Entry: Sendable, CustomStringConvertible {
        var entry: UInt64
        var bitmap: UInt64?
        var version: UInt32 = 3
        var error: String
        var description: String { error }
    }

    @Test(arguments: [
        Entry(entry: 0x10200, error: "is 0x10200: the offset is no multiple of the cluster size, 65536"),
        Entry(entry: 1, version: 2, error: "is 0x1: a cluster of zeroes, which version 2 does not have"),
        Entry(
            entry: 0x30000, bitmap: 1 << 32 | 1,
            error: "has the bitmap 0x100000001, with subclusters that are both allocated and zero"),
        Entry(
            entry: 0, bitmap: 2, error: "has the bitmap 0x2, with subclusters that are allocated nowhere"),
    ])
    func entryThatMakesNoSense(_ entry: Entry) throws {
        var file = QCOW2File(version: entry.version, incompatible: entry.bitmap == nil ? 0 : 1 << 4)
        file.setEntry(3, entry.entry, bitmap: entry.bitmap)
        let place = 2 * 65_536 + 3 * (entry.bitmap == nil ? 8 : 16)
        try expect(file, cluster: 3, fails: "qcow2: L2 entry at \(place) \(entry.error)")
        let disk = try file.open().disk
        #expect(try disk.extent(in: 0..<1 << 20) == Extent(0..<3 << 16, .hole))
        #expect(throws: ImageError.self) { try disk.extent(in: 3 << 16..<1 << 20) }
        #expect(throws: ImageError.self) { try disk.depth(in: 3 << 16..<1 << 20) }
    }

    /// The bits beside an entry's offset are reserved, and ignored.
    @Test func reservedBitsDoNotMatter() throws {
        var file = QCOW2File()
        let offset = file.addData(3, Self.content)
        file.setEntry(3, UInt64(offset) | 0x3F << 56 | 0x1FE)
        file.put(UInt64(2 * 65_536) | 0x7F << 56 | 0x1FF, at: 65_536)
        try expect(file, cluster: 3, is: Self.content)
    }

    @Test(arguments: [
        (UInt64(0x20200), "0x20200: offset 131584 is no multiple of the cluster size, 65536"),
        (
            0x40000,
            "0x40000: offset 262144 is a table of 65536 bytes that passes the end of the file at 196608"
        ),
        (
            0x00FF_FFFF_FFFF_0000,
            "0xffffffffff0000: offset 72057594037862400 is a table of 65536 bytes that passes the end of the file at 196608"
        ),
    ])
    func tableThatIsNotThere(_ entry: UInt64, _ error: String) throws {
        var file = QCOW2File()
        file.put(entry, at: 65_536)
        let disk = try file.open().disk
        let found = #expect(throws: ImageError.self) { try disk.bytes(at: 0, count: 1) }
        #expect(found?.description == "qcow2: L1 entry at 65536 is " + error)
        #expect(throws: ImageError.self) { try disk.extent(in: 0..<1) }
    }

    /// Zero clusters with allocated space are never read, and the backing file is not asked.
    @Test func zeroClusterWithAnOffset() throws {
        var file = QCOW2File()
        let offset = file.addData(3, Self.content)
        file.setEntry(3, UInt64(offset) | 1)
        try expect(file, cluster: 3, is: [UInt8](repeating: 0, count: 65_536))
        #expect(try file.open().disk.depth(in: 3 << 16..<1 << 20) == Allocation(3 << 16..<4 << 16, depth: 1))
    }

    @Test func subclusters() throws {
        var file = QCOW2File(incompatible: 1 << 4)
        // The first allocated, the second zero, the third neither, the last allocated.
        file.addData(3, Self.content, bitmap: 1 | 1 << 31 | 2 << 32)
        var expected = [UInt8](repeating: 0, count: 65_536)
        expected.replaceSubrange(0..<2048, with: Self.content[..<2048])
        expected.replaceSubrange(63_488..., with: Self.content[63_488...])
        try expect(file, cluster: 3, is: expected)
        #expect(
            try file.open().disk.depth(in: 3 << 16..<1 << 20)
                == Allocation(3 << 16..<3 << 16 + 4096, depth: 1))
    }
}
