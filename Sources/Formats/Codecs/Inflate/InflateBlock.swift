/// A block, as its header describes it (RFC 1951 section 3.2.3).
struct InflateBlock {
    /// True for the last block of its stream: BFINAL.
    let isFinal: Bool
    /// The number of bytes of a block that is not compressed, LEN. Nil for one of symbols.
    let stored: Int?

    /// The most bytes that a header takes, from the byte of its first bit on: 3 bits, 14 for three counts, 57 for the code of
    /// code lengths, 316 code lengths of up to 14 bits, and up to 7 of the block before.
    static let longestHeader = 564

    /// Reads a header, and the codes behind it into `codes`.
    init(_ bits: inout InflateBits, _ codes: InflateCodes) throws(InflateFault) {
        isFinal = try bits.take(1) == 1
        switch try bits.take(2) {
        case 0:
            // Section 3.2.4.
            try bits.skip(-bits.position & 7)
            let length = try bits.take(16)
            let complement = try bits.take(16)
            guard length ^ complement == 0xFFFF else {
                throw .damage(
                    "LEN is \(hex(UInt(length))) and NLEN \(hex(UInt(complement))), expected \(hex(UInt(length ^ 0xFFFF)))"
                )
            }
            stored = length
        case 1:
            codes.setFixed()
            stored = nil
        case 2:
            try codes.read(&bits)
            stored = nil
        default:
            throw .damage("BTYPE is 3, expected 0 to 2")
        }
    }
}
