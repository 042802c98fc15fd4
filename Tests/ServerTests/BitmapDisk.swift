import VitrineFormats

/// A disk of zeroes with dirty bitmaps, parts of which cannot be read.
final class BitmapDisk: Source {
    let size: UInt64
    let bitmaps: [any DirtyBitmap]

    init(size: UInt64, _ bitmaps: [Bitmap]) {
        self.size = size
        self.bitmaps = bitmaps
    }

    /// Creates a disk with bitmaps called `names`, in which everything is clean.
    convenience init(size: UInt64, names: [String]) {
        self.init(size: size, names.map { Bitmap(name: $0) })
    }

    func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        buffer.fillZeroes(buffer.count, at: 0)
    }

    func extent(in range: Range<UInt64>, mayWait: Bool) throws(ImageError) -> Extent? {
        mayWait ? Extent(range, .zero) : nil
    }

    /// Answers in steps of 64 KiB, like an image with many small pieces.
    func depth(in range: Range<UInt64>) throws(ImageError) -> Allocation {
        let end = min(range.upperBound, (range.lowerBound >> 16 + 1) << 16)
        return Allocation(range.lowerBound..<end, depth: 3)
    }

    struct Bitmap: DirtyBitmap {
        var name: String
        var granularity: UInt64 = 512
        /// Every second range of this length is dirty, from the second on. None is if it is 0.
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
