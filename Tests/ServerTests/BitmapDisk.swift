import VitrineFormats

/// A disk of zeroes with dirty bitmaps, of which it is known where they cannot be read.
final class BitmapDisk: Source {
    let size: UInt64
    let bitmaps: [any DirtyBitmap]

    init(size: UInt64, _ bitmaps: [Bitmap]) {
        self.size = size
        self.bitmaps = bitmaps
    }

    /// One with bitmaps called `names`, in which everything is clean.
    convenience init(size: UInt64, names: [String]) {
        self.init(size: size, names.map { Bitmap(name: $0) })
    }

    func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        buffer.fillZeroes(buffer.count, at: 0)
    }

    func extent(in range: Range<UInt64>) throws(ImageError) -> Extent { Extent(range, .zero) }

    /// By steps of 64 KiB, as an image with many small pieces would have it.
    func depth(in range: Range<UInt64>) throws(ImageError) -> Allocation {
        let end = min(range.upperBound, (range.lowerBound >> 16 + 1) << 16)
        return Allocation(range.lowerBound..<end, depth: 3)
    }

    struct Bitmap: DirtyBitmap {
        var name: String
        var granularity: UInt64 = 512
        /// Every other stretch of this length is dirty, from the second on; none is where it is 0.
        var period: UInt64 = 0
        var failing: Range<UInt64>?

        func extent(in range: Range<UInt64>) throws(ImageError) -> (range: Range<UInt64>, isDirty: Bool) {
            if let failing, failing.contains(range.lowerBound) {
                throw ImageError(.corrupt, "the bitmap cannot be read at \(range.lowerBound)")
            }
            guard period > 0 else { return (range, false) }
            let number = range.lowerBound / period
            return (range.lowerBound..<min(range.upperBound, (number + 1) * period), number % 2 == 1)
        }
    }
}
