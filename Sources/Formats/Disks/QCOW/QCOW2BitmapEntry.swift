/// A qcow2 image's description of one of its bitmaps.
///
/// Layout, integers big-endian (docs/interop/qcow2.txt, "Bitmap directory"):
///
///      0  table offset      8
///      8  table size        4   in entries of 8 bytes
///     12  flags             4
///     16  type              1   1 for a dirty bitmap
///     17  granularity bits  1   log2 of the bytes that a bit stands for
///     18  name length       2
///     20  extra length      4
///     24  extra, name           padded to a multiple of 8
struct QCOW2BitmapEntry: Sendable {
    // The limits of qemu.
    private static let granularities: ClosedRange<UInt8> = 9...31
    private static let maximumName: UInt16 = 1023
    private static let maximumTableSize: UInt32 = 0x800_0000

    let name: String
    let tableOffset: UInt64
    let tableCount: UInt32
    let granularityBits: UInt8

    /// True if the bitmap was not closed properly, so that bits may be missing.
    let isInUse: Bool

    /// True if programs must keep the bitmap up to date by themselves.
    let isAutomatic: Bool

    /// The reason why the bitmap cannot be served. Nil if it can.
    let reason: String?

    /// Reads the entry at `offset`, and moves `offset` to the next one.
    init(_ reader: inout WindowReader, _ offset: inout UInt64) throws(ImageError) {
        let fixed = try reader.fields("bitmap", at: offset, count: 24)
        let nameCount: UInt16 = try fixed.big("name length", at: 18)
        try fixed.require("name length", nameCount, in: 1...Self.maximumName, at: 18)
        let extraCount: UInt32 = try fixed.big("extra length", at: 20)
        // No program writes extra data, and what follows too much of it could not be found.
        try fixed.require("extra length", extraCount, in: 0...65_536, at: 20)
        let count = 24 + Int(extraCount) + Int(nameCount)
        let fields = try reader.fields("bitmap", at: offset, count: count)
        let bytes = try fields.slice("name", at: 24 + Int(extraCount), count: Int(nameCount))
        name = String(decoding: bytes, as: UTF8.self)
        tableOffset = try fields.big("table offset", at: 0)
        tableCount = try fields.big("table size", at: 8)
        granularityBits = try fields.big("granularity bits", at: 17)
        let flags: UInt32 = try fields.big("flags", at: 12)
        let type: UInt8 = try fields.big("type", at: 16)
        isInUse = flags & 1 != 0
        isAutomatic = flags & 2 != 0
        reason =
            if isInUse {
                "it was not saved properly, and bits may be missing"
            } else if flags & ~7 != 0 {
                "flags are \(hex(flags)), which vitrine does not know"
            } else if type != 1 {
                "type is \(type), expected 1"
            } else if extraCount > 0, flags & 4 == 0 {
                "it has \(extraCount) bytes of extra data that vitrine does not know"
            } else if !Self.granularities.contains(granularityBits) {
                "granularity bits are \(granularityBits), expected 9...31"
            } else if tableCount > Self.maximumTableSize {
                "table size is \(tableCount), expected \(Self.maximumTableSize) at most"
            } else if !name.utf8.elementsEqual(bytes) {
                "its name is not UTF-8, so no client can ask for it"
            } else {
                nil
            }
        offset += UInt64((count + 7) & ~7)
    }
}
