/// The indexes of the LZMA model's probabilities in one array of 16-bit numbers.
///
/// A probability is the chance that the next bit in its context is 0, out of 2048. Source: the LZMA specification
/// (lzma-specification.txt, "The main loop of decoder"). Any order would do, but this one is stored in seek indexes, so
/// it must stay (docs/seek-index.md).
enum LZMAModel {
    /// The bit that tells a match from a literal: 12 states, 16 positions.
    static let isMatch = 0
    /// The bits that tell the kind of match: 12 states each.
    static let isRep = 192
    static let isRepG0 = 204
    static let isRepG1 = 216
    static let isRepG2 = 228
    /// 12 states, 16 positions.
    static let isRep0Long = 240
    /// Bit trees of 6 bits, one for each of 4 kinds of length.
    static let distanceSlot = 432
    /// Reverse bit trees of 1 to 5 bits, for slots 4 to 13.
    static let distanceSpecial = 688
    /// A reverse bit tree of 4 bits.
    static let distanceAlign = 802
    static let matchLength = 818
    static let repLength = 1332
    /// 768 for each context of a literal.
    static let literal = 1846

    /// The indexes within the probabilities of a length.
    enum Length {
        static let choice = 0
        static let choice2 = 1
        /// Bit trees of 3 bits, for 16 positions.
        static let low = 2
        static let mid = 130
        /// A bit tree of 8 bits.
        static let high = 258
    }

    /// The initial value of every probability: a half.
    static let initial: UInt16 = 1024

    /// The values that updates can give, starting there.
    static let possible: ClosedRange<UInt16> = 31...2017

    /// The number of probabilities with `literalBits` bits of context (lc + lp) for a literal: 0 to 4.
    static func count(literalBits: Int) -> Int { literal + 0x300 << literalBits }

    /// The largest number of probabilities: in LZMA2, lc + lp is at most 4.
    static let maximumCount = literal + 0x300 << 4
}
