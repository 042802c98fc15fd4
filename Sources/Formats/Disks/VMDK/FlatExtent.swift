/// An extent that a file stores byte for byte.
final class FlatExtent: Source {
    let size: UInt64

    private let file: any Source
    private let start: UInt64
    /// The number of bytes of it that the file has.
    private let held: UInt64

    /// Creates an extent of `size` bytes, from offset `start` of `file` on. If the file is shorter, reading the missing
    /// bytes fails.
    ///
    /// The caller has checked that the sum is no larger than 2^64.
    init(_ file: any Source, from start: UInt64, size: UInt64) {
        self.file = file
        self.start = start
        self.size = size
        held = file.size > start ? min(size, file.size - start) : 0
    }

    func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        try requireHeld(offset, buffer.count)
        try file.fill(&buffer, at: start + offset)
    }

    func fillNow(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) -> Bool {
        try requireHeld(offset, buffer.count)
        return try file.fillNow(&buffer, at: start + offset)
    }

    /// A text about what is missing because the file is truncated. Nil if nothing is.
    var shortfall: String? {
        guard held < size else { return nil }
        return
            "the extent takes \(size) bytes from \(start) on, but the end of the file is at \(file.size): it is cut short, and "
            + "reading the last \(byteCount(size - held)) of the extent fails"
    }

    private func requireHeld(_ offset: UInt64, _ count: Int) throws(ImageError) {
        guard offset <= held, UInt64(count) <= held - offset else {
            throw ImageError(
                .corrupt,
                "the extent takes \(size) bytes from \(start) on, but the end of the file is at \(file.size)")
        }
    }

    func extent(in range: Range<UInt64>) throws(ImageError) -> Extent {
        guard let inside = inside(range) else { return Extent(range, .data) }
        return outward(try file.extent(in: inside))
    }

    func extentNow(in range: Range<UInt64>) throws(ImageError) -> Extent? {
        guard let inside = inside(range) else { return Extent(range, .data) }
        return try file.extentNow(in: inside).map(outward)
    }

    func prefetch(_ range: Range<UInt64>) throws(ImageError) {
        if let inside = inside(range) { try file.prefetch(inside) }
    }

    /// The range of the file that holds `range`, as much of it as the file has. Nil if the file lacks its start.
    private func inside(_ range: Range<UInt64>) -> Range<UInt64>? {
        range.lowerBound < held ? range.clamped(to: 0..<held).moved(from: 0, to: start) : nil
    }

    /// Moves an extent of the file to its offsets here. A hole in the file is zeroes of the disk, as with qemu-nbd.
    private func outward(_ extent: Extent) -> Extent {
        Extent(extent.range.moved(from: start, to: 0), extent.kind == .data ? .data : .zero)
    }
}
