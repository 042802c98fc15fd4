/// Bytes that lie in several sources by turns: a chunk of the first, one of the second, and after the last the next of the first.
final class StripedSource: MappedSource {
    let bases: [Base]
    let size: UInt64

    /// The number of bytes that lie in one source before the next goes on.
    private let chunkSize: UInt64

    /// The bytes of `bases`, which all have the same size, a multiple of `chunkSize`. The caller has checked that the sum of their sizes
    /// does not overflow.
    init(_ bases: [Base], chunkSize: UInt64) {
        self.bases = bases
        self.chunkSize = chunkSize
        size = bases.reduce(0) { $0 + $1.size }
    }

    func content(in range: Range<UInt64>, for purpose: Purpose) -> Content? {
        let chunk = range.lowerBound / chunkSize
        let start = chunk * chunkSize
        let (index, place) = self.place(of: range.lowerBound)
        return Content(range.clamped(to: start..<start + chunkSize), .base(bases[index], at: place))
    }

    // What lies in many chunks is told in parts.
    var longestAnswer: UInt64 { chunkSize.times(1024) ?? .max }

    func decodingTime(at offset: UInt64?) -> UInt64 {
        guard let offset else { return bases.map { $0.decodingTime(at: nil) }.max() ?? 0 }
        let (index, place) = self.place(of: offset)
        return bases[index].decodingTime(at: place)
    }

    /// The base that holds the byte at `offset`, and its offset there.
    private func place(of offset: UInt64) -> (index: Int, offset: UInt64) {
        let (row, index) = (offset / chunkSize).quotientAndRemainder(dividingBy: UInt64(bases.count))
        return (Int(index), row * chunkSize + offset % chunkSize)
    }
}
