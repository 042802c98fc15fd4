import Glibc
import VitrineFormats

/// Asks a disk everything there is to ask, along its extents, and checks that the answers fit one another.
struct DiskWalk {
    /// Of how many extents the bytes are read.
    private static let extents = 10

    /// How much of the disk is asked about at a time, in bytes: an NBD client may ask for more, and wait longer.
    private static let reach: UInt64 = 64 << 20

    /// How much of an extent is read, in bytes.
    private static let read: UInt64 = 40 << 10

    private static let zeroes = [UInt8](repeating: 0, count: Int(read))

    private let disk: any Source

    init(_ disk: any Source) {
        self.disk = disk
    }

    func check() {
        guard disk.size > 0 else { return }
        walk(from: 0)
        // The end, and what is before it.
        walk(from: disk.size - 1)
        walk(from: disk.size - min(disk.size, 100_000))
        // Somewhere, wherever that may be.
        for part in 1..<8 { walk(from: disk.size / 8 * UInt64(part), extents: 1) }
        for bitmap in disk.bitmaps { check(bitmap) }
        try? disk.prefetch(0..<min(disk.size, Self.read))
    }

    private func walk(from start: UInt64, extents: Int = extents) {
        var position = start
        for _ in 0..<extents where position < disk.size {
            let range = position..<position + min(disk.size - position, Self.reach)
            checkDepth(range)
            let now = try? disk.extent(in: range, mayWait: false)
            guard let extent = try? disk.extent(in: range) else {
                precondition(now == nil, "an extent now, but not later")
                // What is wrong is wrong for some cluster, of which none is larger.
                position += min(disk.size - position, 2 << 20)
                continue
            }
            requireProgress(extent.range, in: range)
            precondition(now == nil || now?.kind == extent.kind, "another extent now")
            check(extent)
            position = extent.range.upperBound
        }
    }

    /// Reads the start and the end of `extent`, and what lies across its ends.
    private func check(_ extent: Extent) {
        let count = extent.range.upperBound - extent.range.lowerBound
        let start = extent.range.lowerBound..<extent.range.lowerBound + min(count, Self.read)
        let end = extent.range.upperBound - min(count, 777)..<extent.range.upperBound
        for range in [start, end] {
            guard let bytes = read(range) else { continue }
            precondition(
                extent.kind == .data || Self.same(bytes, Self.zeroes[..<bytes.count]),
                "data in a \(extent.kind)")
            checkNow(range, bytes)
            // A part of it, with nothing of its start or end.
            guard bytes.count > 10 else { continue }
            let part = read(range.lowerBound + 3..<range.upperBound - 5)
            precondition(
                part.map { Self.same($0, bytes[3..<bytes.count - 5]) } ?? false,
                "a part that is not in the whole")
        }
        let across = extent.range.upperBound - min(count, 300)
        _ = read(across..<across + min(disk.size - across, 70_000))
    }

    private func read(_ range: Range<UInt64>) -> [UInt8]? {
        try? disk.bytes(at: range.lowerBound, count: Int(range.upperBound - range.lowerBound))
    }

    /// What is there now must be what was read.
    private func checkNow(_ range: Range<UInt64>, _ bytes: [UInt8]) {
        var again = [UInt8](repeating: 0x55, count: bytes.count)
        var span = again.mutableSpan
        guard let isThere = try? disk.readNow(into: &span, at: range.lowerBound), isThere else { return }
        precondition(Self.same(again, bytes[...]), "other bytes now")
    }

    /// Compares without the fuzzer looking at every byte.
    private static func same(_ bytes: [UInt8], _ others: ArraySlice<UInt8>) -> Bool {
        guard bytes.count == others.count else { return false }
        return unsafe bytes.withUnsafeBytes { bytes in
            unsafe others.withUnsafeBytes { others in
                guard let first = bytes.baseAddress, let second = others.baseAddress else { return true }
                return unsafe memcmp(first, second, bytes.count) == 0
            }
        }
    }

    private func checkDepth(_ range: Range<UInt64>) {
        guard let allocation = try? disk.depth(in: range) else { return }
        requireProgress(allocation.range, in: range)
        precondition((0...8).contains(allocation.depth), "depth \(allocation.depth)")
    }

    private func check(_ bitmap: any DirtyBitmap) {
        var position: UInt64 = 0
        for _ in 0..<Self.extents where position < disk.size {
            let range = position..<position + min(disk.size - position, Self.reach)
            guard let found = try? bitmap.extent(in: range).range else { return }
            requireProgress(found, in: range)
            position = found.upperBound
        }
    }

    private func requireProgress(_ part: Range<UInt64>, in range: Range<UInt64>) {
        precondition(part.lowerBound == range.lowerBound && !part.isEmpty, "no start of what was asked for")
        precondition(part.upperBound <= range.upperBound, "more than what was asked for")
    }
}
