/// A range of a file that may end too early. It has its full size, and reading what is missing fails.
final class TruncatedSlice: MappedSource {
    let size: UInt64

    /// The number of its bytes that the file has.
    let held: UInt64

    private let file: Base
    private let start: UInt64
    private let reason: String

    /// Creates a range of `size` bytes, from offset `start` of `file` on. The error of reading what is missing says `reason`.
    ///
    /// The caller has checked that the sum is no larger than 2^64.
    init(_ file: Base, from start: UInt64, size: UInt64, _ reason: String) {
        self.file = file
        self.start = start
        self.size = size
        self.reason = reason
        held = file.size > start ? min(size, file.size - start) : 0
    }

    var bases: [Base] { [file] }

    func content(in range: Range<UInt64>, for purpose: Purpose) throws(ImageError) -> Content? {
        guard range.lowerBound < held else {
            guard purpose.reads else { return .data(range) }
            throw ImageError(.corrupt, reason)
        }
        return Content(range.clamped(to: 0..<held), .base(file, at: start + range.lowerBound))
    }
}
