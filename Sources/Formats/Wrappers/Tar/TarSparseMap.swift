/// Where the data of a sparse member lies; what is not data is a hole (GNU tar manual, "Storing Sparse Files").
struct TarSparseMap: Sendable {
    /// A stretch of data.
    struct Segment: Sendable {
        /// Where it is in the member, in bytes; never empty.
        var range: Range<UInt64>
        /// Where it lies in the archive, in bytes.
        var place: UInt64
    }

    /// How many a map may have; of a disk of a TiB that is one to a MiB.
    static let maximumSegments = 1 << 20

    /// In ascending order; no two touch.
    private(set) var segments: [Segment] = []

    private let size: UInt64
    private let name: String

    /// How many bytes of data the segments are.
    private(set) var stored: UInt64 = 0
    private var entries = 0

    /// A map with no segment yet, of a member of `size` bytes that is shown as `name`.
    init(size: UInt64, name: String) {
        self.size = size
        self.name = name
    }

    /// Adds `count` bytes of data from `offset` on, which lie in the archive behind what was added before.
    ///
    /// Throws `corrupt` where they pass the member's end or begin before the end of the last ones.
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
        // The last one, at the end of the member, says that there the member ends.
        guard count > 0 else { return }
        // Programs differ in whether padding would follow: none writes such a map, and a wrong guess is wrong data.
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
        // No more than the member's size.
        stored += count
    }

    /// Ends the map of a member whose data are the bytes of `range` of the archive.
    ///
    /// Throws `corrupt` where they are more or fewer than the map's.
    mutating func end(data range: Range<UInt64>) throws(ImageError) {
        guard stored == range.upperBound - range.lowerBound else {
            throw ImageError(
                .corrupt,
                "the sparse map of \"\(name)\" is of \(stored) bytes, but "
                    + "\(range.upperBound - range.lowerBound) are stored at \(range.lowerBound)")
        }
        for index in segments.indices { segments[index].place += range.lowerBound }
    }

    /// The index of the first segment that ends behind `offset`; as many as there are if none does.
    func index(at offset: UInt64) -> Int {
        var (low, high) = (0, segments.count)
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].range.upperBound <= offset {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}
