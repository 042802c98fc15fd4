/// The bytes of a partition in which superblocks are looked for: the start, and a few places further on.
final class SuperblockArea {
    /// The size in bytes of the start, which is read at once. The superblock of btrfs is the last in it, at 64 KiB.
    static let headSize = 69_632

    /// The most bytes that are read behind the start.
    static let farBudget = 1 << 20

    /// The size of the partition, in bytes.
    let size: UInt64

    private let source: any Source
    private let head: [UInt8]

    /// The number of bytes that may still be read behind the start.
    private var budget: Int

    /// Reads the start of `source`. Only with `readsFar` anything else is read later.
    init(_ source: any Source, readsFar: Bool) throws(ImageError) {
        self.source = source
        size = source.size
        head = try source.bytes(at: 0, count: Int(min(size, UInt64(Self.headSize))))
        budget = readsFar ? Self.farBudget : 0
    }

    /// True if `magic` stands at `offset` of the start.
    func has(_ magic: [UInt8], at offset: Int) -> Bool {
        guard offset <= head.count, magic.count <= head.count - offset else { return false }
        return head[offset..<offset + magic.count].elementsEqual(magic)
    }

    /// True if `magic`, in ASCII, stands at `offset` of the start.
    func has(_ magic: String, at offset: Int) -> Bool { has(Array(magic.utf8), at: offset) }

    /// The `count` bytes from `offset` on. Nil if the partition ends before, if they lie behind the start and may not be read, and if they
    /// cannot be read.
    func block(at offset: UInt64, count: Int) -> Fields? {
        guard count >= 0, let width = UInt64(exactly: count) else { return nil }
        if offset <= UInt64(head.count), width <= UInt64(head.count) - offset {
            let start = Int(offset)
            return Fields(Array(head[start..<start + count]), at: offset)
        }
        guard count <= budget, source.holds(width, at: offset) else { return nil }
        budget -= count
        // A superblock that was found stays worth telling about, even if the place that it points to is damaged.
        guard let bytes = try? source.bytes(at: offset, count: count) else { return nil }
        return Fields(bytes, at: offset)
    }
}
