/// The layout of the entries of a decoding table.
///
/// An entry is found by the next bits of the data:
///
///     bits 0-5    number of bits to drop: the code, and the extra bits behind it
///     bits 8-11   number of bits of the code; in a link, the number of bits that choose an entry of the subtable
///     bit 13      end of block
///     bit 14      link: a longer code, to be found in a subtable
///     bit 15      anything but a literal, length or distance: one of the two above, or a code that means nothing
///     bits 16-31  first length or distance of the code; index of a subtable
///     bits 16-23  literal, with bit 31 set
///
/// So one shift drops all bits of a symbol, and literals are told apart by the sign.
enum InflateEntry {
    static let literal: UInt32 = 1 << 31
    static let exceptional: UInt32 = 1 << 15
    static let link: UInt32 = 1 << 14
    static let endOfBlock: UInt32 = 1 << 13

    /// A distance that no history has: for codes that mean nothing, so that the check of distances finds them, too.
    static let noDistance: UInt32 = 0xFFFF

    /// The number of symbols of the literal/length alphabet, and of distances (RFC 1951 section 3.2.5), with those that
    /// have a fixed code but no meaning.
    static let literalCount = 288
    static let distanceCount = 32
    /// The number of symbols of the alphabet of code lengths (section 3.2.7).
    static let lengthCount = 19

    /// The symbol that ends a block.
    static let endSymbol = 256

    /// The number of bits of `entry` to drop.
    @inline(__always) static func drop(_ entry: UInt32) -> Int { Int(truncatingIfNeeded: entry & 63) }

    /// The index in a subtable that `next`, the bits behind those of the link `entry`, choose, counted from the table's start.
    @inline(__always) static func index(_ entry: UInt32, _ next: UInt64) -> Int {
        let mask = 1 &<< UInt64(truncatingIfNeeded: entry &>> 8) &- 1
        return Int(truncatingIfNeeded: entry &>> 16) &+ Int(truncatingIfNeeded: next & mask)
    }

    /// The length or distance of `entry`, which `next` starts with.
    @inline(__always) static func value(_ entry: UInt32, _ next: UInt64) -> Int {
        let mask = 1 &<< UInt64(truncatingIfNeeded: entry) &- 1
        let extra = (next & mask) &>> UInt64(truncatingIfNeeded: entry &>> 8)
        return Int(truncatingIfNeeded: entry &>> 16) &+ Int(truncatingIfNeeded: extra)
    }

    /// The entries of the literal/length alphabet, for codes of no bits.
    static func literals() -> [UInt32] {
        var entries = (0..<256).map { literal | $0 << 16 }
        entries.append(exceptional | endOfBlock)
        // Length codes: 8 without extra bits, then four with one, four with two, and so on.
        var length: UInt32 = 3
        for code in 0..<28 as Range<UInt32> {
            let extra = code < 8 ? 0 : (code - 4) / 4
            entries.append(length << 16 | extra)
            length += 1 << extra
        }
        entries.append(258 << 16)
        while entries.count < literalCount { entries.append(exceptional) }
        return entries
    }

    /// The entries of the distance alphabet, for codes of no bits.
    static func distances() -> [UInt32] {
        var entries: [UInt32] = []
        // Distance codes: 4 without extra bits, then two with one, two with two, and so on.
        var distance: UInt32 = 1
        for code in 0..<30 as Range<UInt32> {
            let extra = code < 2 ? 0 : (code - 2) / 2
            entries.append(distance << 16 | extra)
            distance += 1 << extra
        }
        while entries.count < distanceCount { entries.append(noDistance << 16) }
        return entries
    }

    /// The entries of the alphabet of code lengths, for codes of no bits.
    static func lengths() -> [UInt32] {
        (0..<UInt32(lengthCount)).map { $0 << 16 }
    }
}
