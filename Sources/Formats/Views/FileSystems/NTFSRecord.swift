/// A record of the master file table of NTFS.
///
/// Layout, integers little-endian (ntfs-3g, include/ntfs-3g/layout.h, `MFT_RECORD`, `ATTR_RECORD`):
///
///      0  magic          4   "FILE"
///      4  usa_ofs        2   the update sequence: a number, and the bytes that it replaced
///      6  usa_count      2
///     20  attrs_offset   2
///
/// and an attribute:
///
///      0  type           4   ffffffff behind the last one
///      4  length         4
///      8  non_resident   1
///     16  value_length   4
///     20  value_offset   2
enum NTFSRecord {
    /// The record with the last two bytes of each 512 as they were before a number was put there to find torn writes. Nil if it is
    /// not a record, or was torn.
    static func restored(_ record: Fields) throws(ImageError) -> Fields? {
        guard record.bytes.starts(with: "FILE".utf8) else { return nil }
        let place: UInt16 = try record.little("usa_ofs", at: 4)
        let count: UInt16 = try record.little("usa_count", at: 6)
        let sectors = record.bytes.count / 512
        guard Int(count) == sectors + 1, Int(place) + 2 * Int(count) <= record.bytes.count else { return nil }
        var bytes = record.bytes
        let number = bytes[Int(place)..<Int(place) + 2]
        for sector in 0..<sectors {
            let end = sector * 512 + 510
            guard record.bytes[end..<end + 2].elementsEqual(number) else { return nil }
            let saved = Int(place) + 2 * (sector + 1)
            bytes[end] = record.bytes[saved]
            bytes[end + 1] = record.bytes[saved + 1]
        }
        return Fields(bytes, at: record.base)
    }

    /// The content of the first attribute of `type`. Nil if the record has none, or not in itself.
    static func content(of type: UInt32, in record: Fields) throws(ImageError) -> [UInt8]? {
        let first: UInt16 = try record.little("attrs_offset", at: 20)
        var place = Int(first)
        while place <= record.bytes.count - 24 {
            let found: UInt32 = try record.little("type", at: place)
            let length: UInt32 = try record.little("length", at: place + 4)
            guard found != .max, length >= 24, Int(length) <= record.bytes.count - place else { return nil }
            if found == type {
                let isElsewhere: UInt8 = try record.little("non_resident", at: place + 8)
                let size: UInt32 = try record.little("value_length", at: place + 16)
                let offset: UInt16 = try record.little("value_offset", at: place + 20)
                guard isElsewhere == 0, Int(offset) + Int(size) <= Int(length) else { return nil }
                return try record.slice("value", at: place + Int(offset), count: Int(size))
            }
            place += Int(length)
        }
        return nil
    }
}
