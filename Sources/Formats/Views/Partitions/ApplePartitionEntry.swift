/// An entry of an Apple partition map.
///
/// Layout, integers big-endian (Inside Macintosh: Devices, "The Partition Map"):
///
///      0  pmSig         2   "PM", and "TS" in maps of the first Macintosh II
///      4  pmMapBlkCnt   4   the number of entries
///      8  pmPyPartStart 4   in blocks, from the start of the disk
///     12  pmPartBlkCnt  4   in blocks
///     16  pmPartName   32   up to a NUL
///     48  pmParType    32   up to a NUL
///
/// The rest says how to boot.
struct ApplePartitionEntry {
    /// The number of bytes of an entry that are read.
    static let size = 80

    let mapCount: UInt32
    let name: String
    let type: String

    private let start: UInt32
    private let count: UInt32

    /// Reads the entry in the block at `offset` of `disk`. Nil if the signature is missing.
    init?(of disk: any Source, at offset: UInt64) throws(ImageError) {
        let fields = try Fields("partition map entry", of: disk, at: offset, count: Self.size)
        guard fields.bytes.starts(with: "PM".utf8) || fields.bytes.starts(with: "TS".utf8) else { return nil }
        mapCount = try fields.big("pmMapBlkCnt", at: 4)
        start = try fields.big("pmPyPartStart", at: 8)
        count = try fields.big("pmPartBlkCnt", at: 12)
        name = Self.text(fields.bytes[16..<48])
        type = Self.text(fields.bytes[48..<80])
    }

    /// The blocks of the partition. Nil if it has none.
    var blocks: ClosedRange<UInt64>? {
        guard count > 0 else { return nil }
        return UInt64(start)...UInt64(start) + UInt64(count) - 1
    }

    /// The text in a field. Bytes that are not UTF-8 become U+FFFD: a name is never a reason to refuse a map.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
