/// A sparse member of a tar archive: data from the archive, and holes between it.
final class TarSparseSource: Source {
    let size: UInt64
    private let archive: any Source
    private let map: TarSparseMap

    /// The number of data segments.
    var segmentCount: Int { map.segments.count }

    /// Creates the member of `size` bytes whose data lies in `archive` as `map` tells, inside it.
    init(_ archive: any Source, _ map: TarSparseMap, size: UInt64) {
        self.archive = archive
        self.map = map
        self.size = size
    }

    var decodingMemory: Int { archive.decodingMemory }

    var cost: SourceCost { archive.cost }

    /// A part of the member. `place` is the offset of its data in the archive. Nil for a hole.
    private struct Piece {
        var range: Range<UInt64>
        var place: UInt64?
    }

    /// The first piece of `range`, which is not empty.
    private func piece(in range: Range<UInt64>) -> Piece {
        let index = map.index(at: range.lowerBound)
        guard index < map.segments.count else { return Piece(range: range) }
        let segment = map.segments[index]
        guard segment.range.lowerBound <= range.lowerBound else {
            return Piece(range: range.lowerBound..<min(segment.range.lowerBound, range.upperBound))
        }
        return Piece(
            range: range.clamped(to: segment.range),
            place: segment.place + (range.lowerBound - segment.range.lowerBound))
    }

    func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        _ = try fill(&buffer, offset, mayWait: true)
    }

    func fillNow(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) -> Bool {
        try fill(&buffer, offset, mayWait: false)
    }

    /// Fills `buffer` piece by piece. Returns false if that would wait and `mayWait` is false.
    private func fill(
        _ buffer: inout MutableSpan<UInt8>, _ offset: UInt64, mayWait: Bool
    ) throws(ImageError) -> Bool {
        let end = offset + UInt64(buffer.count)
        var position = offset
        while position < end {
            let piece = piece(in: position..<end)
            let (index, count) = (Int(position - offset), Int(piece.range.upperBound - position))
            if let place = piece.place {
                let isRead = try buffer.withPart(count, at: index) { (part) throws(ImageError) in
                    try archive.read(into: &part, at: place, mayWait: mayWait)
                }
                guard isRead else { return false }
            } else {
                buffer.fillZeroes(count, at: index)
            }
            position = piece.range.upperBound
        }
        return true
    }

    func extent(in range: Range<UInt64>) throws(ImageError) -> Extent {
        try extent(in: range, mayWait: true) ?? Extent(range, .data)
    }

    func extentNow(in range: Range<UInt64>) throws(ImageError) -> Extent? {
        try extent(in: range, mayWait: false)
    }

    /// The extent at the start of `range`. Returns nil if finding it would wait and `mayWait` is false.
    private func extent(in range: Range<UInt64>, mayWait: Bool) throws(ImageError) -> Extent? {
        let piece = piece(in: range)
        guard let place = piece.place else { return Extent(piece.range, .hole) }
        return try archive.extent(in: stored(piece, place), mayWait: mayWait)
            .map { $0.moved(from: place, to: piece.range.lowerBound) }
    }

    func prefetch(_ range: Range<UInt64>) throws(ImageError) {
        var rest = range
        while !rest.isEmpty {
            let piece = piece(in: rest)
            if let place = piece.place { try archive.prefetch(stored(piece, place)) }
            rest = piece.range.upperBound..<rest.upperBound
        }
    }

    /// The bytes of the archive that hold `piece`.
    private func stored(_ piece: Piece, _ place: UInt64) -> Range<UInt64> {
        piece.range.moved(from: piece.range.lowerBound, to: place)
    }
}
