/// Writes deflate data (RFC 1951) bit by bit: sound, or as wrong as a test needs it.
struct DeflateWriter {
    private(set) var bytes: [UInt8] = []
    private var bits = 0

    /// The codes of the block that is being written.
    private var literals: [HuffmanCode] = []
    private var distances: [HuffmanCode] = []

    struct HuffmanCode {
        var code = 0
        var length = 0
    }

    /// The position of the next bit.
    var bit: Int { bits }

    /// Writes the lowest `count` bits of `value`, the lowest first.
    mutating func write(_ value: Int, _ count: Int) {
        for index in 0..<count {
            if bits % 8 == 0 { bytes.append(0) }
            bytes[bits / 8] |= UInt8((value >> index) & 1) << UInt8(bits % 8)
            bits += 1
        }
    }

    /// Writes a code, its highest bit first.
    mutating func write(_ code: HuffmanCode) {
        for index in (0..<code.length).reversed() { write(code.code >> index, 1) }
    }

    /// Writes zeroes up to the next whole byte.
    mutating func align() {
        while bits % 8 != 0 { write(0, 1) }
    }

    /// Appends whole bytes.
    mutating func append(_ more: [UInt8]) {
        for byte in more { write(Int(byte), 8) }
    }

    /// Writes BFINAL and BTYPE.
    mutating func begin(type: Int, isFinal: Bool) {
        write(isFinal ? 1 : 0, 1)
        write(type, 2)
    }

    /// Writes a stored block.
    mutating func store(_ content: [UInt8], isFinal: Bool = false, complement: Int? = nil) {
        begin(type: 0, isFinal: isFinal)
        align()
        write(content.count, 16)
        write(complement ?? (content.count ^ 0xFFFF), 16)
        append(content)
    }

    /// Starts a block with the fixed codes.
    mutating func beginFixed(isFinal: Bool = false) {
        begin(type: 1, isFinal: isFinal)
        let lengths =
            [UInt8](repeating: 8, count: 144) + [UInt8](repeating: 9, count: 112)
            + [UInt8](repeating: 7, count: 24) + [UInt8](repeating: 8, count: 8)
        literals = Self.codes(lengths)
        distances = Self.codes([UInt8](repeating: 5, count: 32))
    }

    /// Starts a block with codes of these lengths. Symbols of the alphabet of code lengths from 16 up may be put into `lengths`, each
    /// followed by its extra bits; then `count` is the number of literal/length codes.
    mutating func beginDynamic(
        _ literalLengths: [UInt8], _ distanceLengths: [UInt8], isFinal: Bool = false
    ) {
        begin(type: 2, isFinal: isFinal)
        writeCounts(literalLengths.count, distanceLengths.count)
        for length in literalLengths + distanceLengths { writeLength(Int(length)) }
        literals = Self.codes(literalLengths)
        distances = Self.codes(distanceLengths)
    }

    /// Writes HLIT, HDIST, HCLEN and a code of all code lengths: 4 bits for 0 to 12, 5 bits for 13 to 18.
    mutating func writeCounts(_ literals: Int, _ distances: Int) {
        write(literals - 257, 5)
        write(distances - 1, 5)
        write(15, 4)
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] {
            write(symbol < 13 ? 4 : 5, 3)
        }
    }

    /// Writes a symbol of the alphabet of code lengths.
    mutating func writeLength(_ symbol: Int, repeats extra: Int = 0) {
        write(Self.lengthCodes[symbol])
        if symbol >= 16 { write(extra, [2, 3, 7][symbol - 16]) }
    }

    private static let lengthCodes = codes(
        [UInt8](repeating: 4, count: 13) + [UInt8](repeating: 5, count: 6))

    /// Writes a symbol of the literal/length alphabet.
    mutating func literal(_ symbol: Int) {
        write(literals[symbol])
    }

    mutating func endBlock() {
        literal(256)
    }

    /// Writes a match.
    mutating func match(length: Int, distance: Int) {
        if length == 258 {
            literal(285)
        } else {
            let (symbol, extra, rest) = Self.symbol(length - 3, direct: 8, each: 4)
            literal(257 + symbol)
            write(rest, extra)
        }
        let (symbol, extra, rest) = Self.symbol(distance - 1, direct: 4, each: 2)
        write(distances[symbol])
        write(rest, extra)
    }

    /// Writes a distance code, without extra bits.
    mutating func distance(_ symbol: Int) {
        write(distances[symbol])
    }

    /// The symbol of `value`, if there are `direct` symbols without extra bits and then `each` with each number of them.
    private static func symbol(
        _ value: Int, direct: Int, each: Int
    ) -> (symbol: Int, extra: Int, rest: Int) {
        var start = 0
        var symbol = 0
        while true {
            let extra = symbol < direct ? 0 : (symbol - direct) / each + 1
            if value < start + 1 << extra { return (symbol, extra, value - start) }
            start += 1 << extra
            symbol += 1
        }
    }

    /// The codes of symbols by their lengths (section 3.2.2).
    static func codes(_ lengths: [UInt8]) -> [HuffmanCode] {
        var codes = [HuffmanCode](repeating: HuffmanCode(), count: lengths.count)
        var code = 0
        for length in 1...15 {
            for (symbol, other) in lengths.enumerated() where other == length {
                codes[symbol] = HuffmanCode(code: code, length: length)
                code += 1
            }
            code <<= 1
        }
        return codes
    }
}
