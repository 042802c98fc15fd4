/// The decoding table of one Huffman code (RFC 1951 section 3.2.2).
///
/// The next `bits` bits of the data are the index of an entry. Longer codes have links there, to subtables behind the
/// table; see `InflateEntry`.
///
/// @safe: the memory is its own, and has room for every code that `build` accepts.
@safe final class InflateTable {
    /// The table, and its subtables.
    let entries: UnsafeMutablePointer<UInt32>
    /// The entries of symbols with a code of no bits.
    private let symbols: [UInt32]
    /// The number of bits that choose an entry.
    private let bits: Int
    /// The entry of a code that no symbol has.
    private let unused: UInt32
    private let capacity: Int

    /// The number of bits of the longest code.
    static let longest = 15

    /// The number of entries of a table of `bits` bits with its subtables, for `symbols` symbols: a subtable has two codes or
    /// more, and all codes are in it that start with its bits.
    static func capacity(bits: Int, symbols: Int) -> Int {
        1 << bits + (symbols / 2) << (longest - bits)
    }

    /// A table for codes of these symbols, whose codes have up to 15 bits.
    init(bits: Int, symbols: [UInt32], unused: UInt32) {
        self.bits = bits
        self.symbols = symbols
        // The code of one bit that is left over.
        self.unused = unused | 0x101
        capacity = Self.capacity(bits: bits, symbols: symbols.count)
        unsafe entries = .allocate(capacity: capacity)
        unsafe entries.initialize(repeating: unused | 0x101, count: capacity)
    }

    deinit {
        unsafe entries.deallocate()
    }

    /// The kinds of codes.
    enum Code {
        case complete
        /// One symbol with a code of one bit, or none: the other codes mean nothing.
        case incomplete
        /// Codes that are missing, or too many: no table has been built.
        case missing, surplus
    }

    /// Builds the table for symbols whose codes have these numbers of bits, 0 to 15: 0 for those without a code.
    func build(_ lengths: Span<UInt8>) -> Code {
        // The number of codes of each length, and the index of the first symbol with one in their order.
        var counts = InlineArray<16, Int>(repeating: 0)
        for symbol in lengths.indices { counts[Int(lengths[symbol] & 15)] &+= 1 }
        var starts = InlineArray<16, Int>(repeating: 0)
        // The codes that are left at each length.
        var free = 1
        for length in 1...Self.longest {
            starts[length] = length == 1 ? 0 : starts[length - 1] + counts[length - 1]
            free = 2 * free - counts[length]
            guard free >= 0 else { return .surplus }
        }
        guard free == 0 else {
            let used = lengths.count - counts[0]
            guard used == 0 || used == 1 && counts[1] == 1 else { return .missing }
            fillIncomplete(lengths)
            return .incomplete
        }
        var ordered = InlineArray<288, UInt16>(repeating: 0)
        for symbol in lengths.indices where lengths[symbol] > 0 {
            let length = Int(lengths[symbol] & 15)
            ordered[starts[length]] = UInt16(truncatingIfNeeded: symbol)
            starts[length] &+= 1
        }
        fill(counts, ordered)
        return .complete
    }

    private func fillIncomplete(_ lengths: Span<UInt8>) {
        let only = lengths.indices.first { lengths[$0] == 1 }.map { symbols[$0] + 0x101 } ?? unused
        for index in 0..<1 << bits {
            unsafe entries[index] = index & 1 == 0 ? only : unused
        }
    }

    /// Fills the table for a complete code with `counts` codes of each length, of the symbols `ordered`.
    ///
    /// Codes are counted upwards with their bits reversed, because the first bit of a code is the lowest one in the data.
    private func fill(_ counts: InlineArray<16, Int>, _ ordered: InlineArray<288, UInt16>) {
        var next = 0
        var code = 0
        // A table for the codes up to one length is doubled for the next length.
        var size = 1
        for length in 1...bits {
            if next > 0 { unsafe (entries + size).update(from: entries, count: size) }
            size <<= 1
            for _ in 0..<counts[length] {
                unsafe entries[code] = entry(ordered[next], length)
                next += 1
                code = Self.successor(code, length)
            }
        }
        // The rest have the same bits at first as a link, and their others in its subtable.
        guard bits < Self.longest else { return }
        var prefix = -1
        var start = 0
        var end = size
        for length in bits + 1...Self.longest {
            for index in 0..<counts[length] {
                if code & (size - 1) != prefix {
                    prefix = code & (size - 1)
                    start = end
                    // Codes of greater lengths come into the subtable until it is full.
                    var extra = length - bits
                    var filled = counts[length] - index
                    while filled < 1 << extra {
                        extra += 1
                        filled = filled << 1 + counts[bits + extra]
                    }
                    end = start + 1 << extra
                    precondition(end <= capacity)
                    let link = InflateEntry.exceptional | InflateEntry.link
                    unsafe entries[prefix] =
                        UInt32(start) << 16 | link | UInt32(extra) << 8 | UInt32(bits)
                }
                let entry = entry(ordered[next], length - bits)
                for place in stride(from: start + code >> bits, to: end, by: 1 << (length - bits)) {
                    unsafe entries[place] = entry
                }
                next += 1
                code = Self.successor(code, length)
            }
        }
    }

    /// The entry of `symbol` with a code of `length` bits, or with that many behind a link.
    private func entry(_ symbol: UInt16, _ length: Int) -> UInt32 {
        symbols[Int(symbol)] + UInt32(length) * 0x101
    }

    /// The code after `code`, both reversed. The last one has none; it gives 0.
    private static func successor(_ code: Int, _ length: Int) -> Int {
        let zeroes = ~code & (1 << length - 1)
        guard zeroes != 0 else { return 0 }
        // Adds 1 to the highest bit, and carries downwards.
        let bit = 1 << (Int.bitWidth - 1 - zeroes.leadingZeroBitCount)
        return code & (bit - 1) | bit
    }
}
