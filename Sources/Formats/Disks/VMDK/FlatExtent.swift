/// An extent that a file stores byte for byte.
final class FlatExtent: MappedSource {
    let size: UInt64

    private let file: Base
    private let start: UInt64
    /// The number of bytes of it that the file has.
    private let held: UInt64

    /// Creates an extent of `size` bytes, from offset `start` of `file` on. If the file is shorter, reading the missing
    /// bytes fails.
    ///
    /// The caller has checked that the sum is no larger than 2^64.
    init(_ file: any Source, from start: UInt64, size: UInt64) {
        self.file = Base(file, .data)
        self.start = start
        self.size = size
        held = file.size > start ? min(size, file.size - start) : 0
    }

    var bases: [Base] { [file] }

    func content(in range: Range<UInt64>, for purpose: Purpose) throws(ImageError) -> Content? {
        guard range.lowerBound < held else {
            guard purpose.reads else { return .data(range) }
            throw ImageError(
                .corrupt,
                "the extent takes \(size) bytes from \(start) on, but the end of the file is at \(file.size)")
        }
        return Content(range.clamped(to: 0..<held), .base(file, at: start + range.lowerBound))
    }

    /// A text about what is missing because the file is truncated. Nil if nothing is.
    var shortfall: String? {
        guard held < size else { return nil }
        return
            "the extent takes \(size) bytes from \(start) on, but the end of the file is at \(file.size): it is cut short, and "
            + "reading the last \(byteCount(size - held)) of the extent fails"
    }
}
