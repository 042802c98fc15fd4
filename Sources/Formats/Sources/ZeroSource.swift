/// Zeroes that are stored nowhere.
final class ZeroSource: Source {
    let size: UInt64

    /// A source of `size` zeroes.
    init(size: UInt64) { self.size = size }

    func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        buffer.fillZeroes(buffer.count, at: 0)
    }

    func fillNow(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) -> Bool {
        buffer.fillZeroes(buffer.count, at: 0)
        return true
    }

    func extent(in range: Range<UInt64>, mayWait: Bool) throws(ImageError) -> Extent? { Extent(range, .hole) }
}
