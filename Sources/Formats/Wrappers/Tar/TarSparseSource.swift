/// A sparse member of a tar archive: data from the archive, and holes between it.
final class TarSparseSource: MappedSource {
    let size: UInt64
    private let archive: Base
    private let map: TarSparseMap

    /// The number of data segments.
    var segmentCount: Int { map.segments.count }

    /// Creates the member of `size` bytes whose data lies in `archive` as `map` tells.
    init(_ archive: any Source, _ map: TarSparseMap, size: UInt64) {
        self.archive = Base(archive, .part)
        self.map = map
        self.size = size
    }

    var bases: [Base] { [archive] }

    func content(in range: Range<UInt64>, for purpose: Purpose) -> Content? {
        let index = map.index(at: range.lowerBound)
        guard index < map.segments.count else { return Content(range, .hole) }
        let segment = map.segments[index]
        guard segment.range.lowerBound <= range.lowerBound else {
            return Content(range.lowerBound..<min(segment.range.lowerBound, range.upperBound), .hole)
        }
        return Content(
            range.clamped(to: segment.range),
            .base(archive, at: segment.place + (range.lowerBound - segment.range.lowerBound)))
    }
}
