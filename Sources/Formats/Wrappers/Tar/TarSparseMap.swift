/// The location of a sparse member's data. The rest of the member is holes (GNU tar manual, "Storing Sparse Files").
struct TarSparseMap: Sendable {
    /// A segment of data.
    struct Segment: Sendable {
        /// Its range in the member, in bytes. Never empty.
        var range: Range<UInt64>
        /// Its offset in the archive, in bytes.
        var place: UInt64
    }

    /// The largest number of segments: one per MiB for a disk of 1 TiB.
    static let maximumSegments = 1 << 20

    /// The segments in ascending order. No two touch.
    private(set) var segments: [Segment] = []

    private let size: UInt64
    private let name: String

    /// The bytes of data in all segments.
    private(set) var stored: UInt64 = 0
    private var entries = 0

    /// Starts a map without segments, of a member of `size` bytes whose name is shown as `name`.
    init(size: UInt64, name: String) {
        self.size = size
        self.name = name
    }

    /// Adds `count` bytes of data from `offset` on, which follow the data added before in the archive.
    ///
    /// Throws `corrupt` if they pass the member's end, or start before the end of the previous ones.
    mutating func add(_ offset: UInt64, _ count: UInt64) throws(ImageError) {
        entries += 1
        guard entries <= Self.maximumSegments else {
            throw ImageError(
                .limit, "the sparse map of \"\(name)\" has more than \(Self.maximumSegments) entries")
        }
        let end = segments.last?.range.upperBound ?? 0
        guard offset >= end, offset <= size, count <= size - offset else {
            throw ImageError(
                .corrupt,
                "entry \(entries) of the sparse map of \"\(name)\" is \(count) bytes at \(offset), "
                    + "expected from \(end) on and inside \(size) bytes")
        }
        // An empty last entry marks the end of the member.
        guard count > 0 else { return }
        // Programs differ in whether padding would follow. None writes such a map, and a wrong guess would give wrong
        // data.
        guard stored % UInt64(TarHeader.blockSize) == 0 else {
            throw ImageError(
                .unsupported,
                "entry \(entries - 1) of the sparse map of \"\(name)\" is no whole number of blocks, and is not the last"
            )
        }
        if let last = segments.last, last.range.upperBound == offset {
            segments[segments.count - 1].range = last.range.lowerBound..<offset + count
        } else {
            segments.append(Segment(range: offset..<offset + count, place: stored))
        }
        // No overflow: at most the member's size.
        stored += count
    }

    /// Ends the map of a member whose data is `range` of the archive.
    ///
    /// Throws `corrupt` if the range has more or fewer bytes than the map.
    mutating func end(data range: Range<UInt64>) throws(ImageError) {
        guard stored == range.upperBound - range.lowerBound else {
            throw ImageError(
                .corrupt,
                "the sparse map of \"\(name)\" is of \(stored) bytes, but "
                    + "\(range.upperBound - range.lowerBound) are stored at \(range.lowerBound)")
        }
        for index in segments.indices { segments[index].place += range.lowerBound }
    }

    /// The offset in the member of the first byte of data that lies at `end` of the archive or behind it. Nil if none does.
    func firstMissing(from end: UInt64) -> UInt64? {
        let index = segments.partitionPoint {
            $0.place + ($0.range.upperBound - $0.range.lowerBound) > end
        }
        guard index < segments.count else { return nil }
        let segment = segments[index]
        return segment.range.lowerBound + (max(end, segment.place) - segment.place)
    }

    /// The index of the first segment that ends behind `offset`. The number of segments if none does.
    func index(at offset: UInt64) -> Int { segments.partitionPoint { $0.range.upperBound > offset } }
}
