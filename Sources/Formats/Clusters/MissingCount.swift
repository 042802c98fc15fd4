/// The number of clusters or tables that lie past the end of the file that should hold them.
struct MissingCount {
    var count: UInt64 = 0

    /// The lowest offset on the disk, in bytes, that one of them covers.
    var first = UInt64.max

    /// Counts a missing one, which covers the disk from `position` on.
    mutating func add(at position: UInt64) {
        count += 1
        first = min(first, position)
    }

    static func += (total: inout MissingCount, more: MissingCount) {
        total.count += more.count
        total.first = min(total.first, more.first)
    }
}
