/// How many of something lie past the end of the file that should hold them.
struct MissingCount {
    var count: UInt64 = 0

    /// Where the first of what they tell of starts on the disk, in bytes.
    var first = UInt64.max

    /// Counts one that tells of the disk from `position` on.
    mutating func add(at position: UInt64) {
        count += 1
        first = min(first, position)
    }

    static func += (total: inout MissingCount, more: MissingCount) {
        total.count += more.count
        total.first = min(total.first, more.first)
    }
}
