/// The Huffman codes of a block (RFC 1951 sections 3.2.5 to 3.2.7).
final class InflateCodes {
    /// The code of literals and lengths.
    let literals = InflateTable(
        bits: InflateCodes.literalBits, symbols: InflateEntry.literals(), unused: InflateEntry.exceptional)
    /// The code of distances.
    let distances = InflateTable(
        bits: InflateCodes.distanceBits, symbols: InflateEntry.distances(),
        unused: InflateEntry.noDistance << 16)
    /// The code in which a block stores the lengths of the codes above.
    private let lengths = InflateTable(
        bits: InflateCodes.lengthBits, symbols: InflateEntry.lengths(), unused: 0)

    /// True if the tables hold the fixed codes.
    private var isFixed = false

    /// The numbers of bits that choose an entry of a table.
    static let literalBits = 11
    static let distanceBits = 8
    private static let lengthBits = 7

    /// The approximate memory in bytes that it takes.
    static var memory: Int {
        let entries =
            InflateTable.capacity(bits: literalBits, symbols: InflateEntry.literalCount)
            + InflateTable.capacity(bits: distanceBits, symbols: InflateEntry.distanceCount)
            + InflateTable.capacity(bits: lengthBits, symbols: InflateEntry.lengthCount)
        return 4
            * (entries + InflateEntry.literalCount + InflateEntry.distanceCount + InflateEntry.lengthCount)
    }

    /// Sets the fixed codes (section 3.2.6).
    func setFixed() {
        guard !isFixed else { return }
        var lengths = InlineArray<320, UInt8>(repeating: 8)
        for symbol in 144..<256 { lengths[symbol] = 9 }
        for symbol in 256..<280 { lengths[symbol] = 7 }
        for symbol in 288..<320 { lengths[symbol] = 5 }
        _ = literals.build(lengths.span.extracting(0..<288))
        _ = distances.build(lengths.span.extracting(288..<320))
        isFixed = true
    }

    /// Reads the codes of a block (section 3.2.7). The next bit is the first of HLIT.
    func read(_ bits: inout InflateBits) throws(InflateFault) {
        let literalCount = try bits.take(5) + 257
        let distanceCount = try bits.take(5) + 1
        let lengthCount = try bits.take(4) + 4
        guard literalCount <= 286 else {
            throw .damage("has \(literalCount) literal/length codes, expected up to 286")
        }
        guard distanceCount <= 30 else {
            throw .damage("has \(distanceCount) distance codes, expected up to 30")
        }
        try readLengthCode(&bits, lengthCount)
        let lengths = try readLengths(&bits, literalCount + distanceCount)
        guard lengths[InflateEntry.endSymbol] != 0 else { throw .damage("has no code for its end") }
        isFixed = false
        try Self.require(literals.build(lengths.span.extracting(..<literalCount)), "literals and lengths")
        let end = literalCount + distanceCount
        try Self.require(distances.build(lengths.span.extracting(literalCount..<end)), "distances")
    }

    /// Reads the code of code lengths, with the lengths of its first `count` symbols.
    private func readLengthCode(_ bits: inout InflateBits, _ count: Int) throws(InflateFault) {
        let order: [19 of Int] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
        var lengths = InlineArray<19, UInt8>(repeating: 0)
        for index in 0..<count {
            lengths[order[index]] = UInt8(truncatingIfNeeded: try bits.take(3))
        }
        // One code alone is as wrong as none: no block has symbols of only one length.
        guard case .complete = self.lengths.build(lengths.span) else {
            throw .damage("has a code of code lengths that is not complete")
        }
    }

    /// Reads the lengths of `count` codes.
    private func readLengths(
        _ bits: inout InflateBits, _ count: Int
    ) throws(InflateFault) -> InlineArray<320, UInt8> {
        var lengths = InlineArray<320, UInt8>(repeating: 0)
        var index = 0
        while index < count {
            let entry = unsafe self.lengths.entries[Int(bits.next & 127)]
            try bits.skip(InflateEntry.drop(entry))
            let symbol = entry >> 16
            guard symbol >= 16 else {
                lengths[index] = UInt8(truncatingIfNeeded: symbol)
                index += 1
                continue
            }
            var length: UInt8 = 0
            let repeats: Int
            switch symbol {
            case 16:
                repeats = try bits.take(2) + 3
                guard index > 0 else { throw .damage("repeats a code length before the first one") }
                length = lengths[index - 1]
            case 17: repeats = try bits.take(3) + 3
            default: repeats = try bits.take(7) + 11
            }
            guard repeats <= count - index else {
                throw .damage("repeats a code length \(repeats) times, but only \(count - index) are left")
            }
            for place in index..<index + repeats { lengths[place] = length }
            index += repeats
        }
        return lengths
    }

    private static func require(_ code: InflateTable.Code, _ what: String) throws(InflateFault) {
        switch code {
        case .complete, .incomplete: return
        case .missing: throw .damage("has a code of \(what) that is not complete")
        case .surplus: throw .damage("has more codes of \(what) than there can be")
        }
    }
}
