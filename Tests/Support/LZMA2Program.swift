/// Makes LZMA2 data out of any bytes, which choose its chunks and symbols. So random bytes reach states of a decoder
/// that damaged files never would.
///
/// The data is sound, except for a few choices, made by bytes whose high bits are all set.
package struct LZMA2Program {
    private let bytes: [UInt8]
    private var index = 0
    private var needsDictionary = true
    private var needsProperties = true
    /// The symbol to repeat, and the number of times left.
    private var repeated: (symbol: LZMASymbol, left: Int)?
    /// The seed of the literals that follow from one byte, and the number of them left.
    private var literals: (seed: UInt8, left: Int) = (0, 0)

    /// The largest distance of a match, in bytes.
    private let dictionary: Int
    /// The number of bytes that may still be made. The last symbol, or the last stored chunk, may exceed it.
    private var room: Int

    /// Runs `bytes`. No distance is longer than `dictionary`, and no chunk or symbol begins after `limit` bytes of
    /// output.
    ///
    /// The data continues that of `encoder`, if it is not nil: then nothing needs to be reset.
    package static func run(
        _ bytes: [UInt8], dictionary: Int, limit: Int, from encoder: LZMAEncoder? = nil
    ) -> LZMA2Writer {
        var program = LZMA2Program(bytes, dictionary, limit)
        var writer = LZMA2Writer()
        if let encoder {
            writer.encoder = encoder
            program.needsDictionary = false
            program.needsProperties = false
        }
        while program.index < bytes.count, program.room > 0 { program.chunk(&writer) }
        writer.end()
        return writer
    }

    private init(_ bytes: [UInt8], _ dictionary: Int, _ room: Int) {
        self.bytes = bytes
        self.dictionary = dictionary
        self.room = room
    }

    private mutating func next() -> UInt8 {
        guard index < bytes.count else { return 0 }
        defer { index += 1 }
        return bytes[index]
    }

    private mutating func next16() -> Int { Int(next()) << 8 | Int(next()) }

    private mutating func chunk(_ writer: inout LZMA2Writer) {
        let choice = next()
        let isFree = choice >= 0xF8
        var reset = [LZMA2Writer.Reset.dictionary, .properties, .state, .nothing, .nothing][
            Int(choice & 7) % 5]
        if choice & 7 >= 5 {
            let resets = choice & 7 == 5 || needsDictionary && !isFree
            let data = storedData()
            writer.store(data, resetsDictionary: resets)
            room -= data.count
            needsDictionary = needsDictionary && !resets
            needsProperties = needsProperties || resets
            return
        }
        if !isFree, needsProperties, reset != .dictionary { reset = .properties }
        if !isFree, needsDictionary { reset = .dictionary }
        var properties: LZMAProperties?
        if reset == .properties || reset == .dictionary {
            let byte = Int(next())
            let lp = byte / 5 % 5
            properties = LZMAProperties(lc: byte % (5 - lp), lp: lp, pb: byte / 25 % 5)
            needsProperties = false
            if reset == .dictionary { needsDictionary = false }
        }
        var left = Int(next()) + 1
        writer.write(reset, properties) { encoder in
            guard room > 0, let symbol = nextSymbol(encoder, &left) else { return nil }
            room -= symbol.count
            return symbol
        }
        repeated = nil
        literals.left = 0
    }

    /// The next symbol of a chunk: a repeated one, or one of the `left` that are chosen.
    private mutating func nextSymbol(_ encoder: LZMAEncoder, _ left: inout Int) -> LZMASymbol? {
        if let (symbol, count) = repeated, count > 0 {
            repeated = (symbol, count - 1)
            return symbol
        }
        if literals.left > 0 {
            literals = (literals.seed &* 5 &+ 1, literals.left - 1)
            return .literal(literals.seed >> 2)
        }
        guard left > 0 else { return nil }
        left -= 1
        return symbol(encoder)
    }

    /// Data of zeroes, of a period, or close to noise.
    private mutating func storedData() -> [UInt8] {
        let count = next16() + 1
        let kind = next()
        switch kind & 3 {
        case 0: return [UInt8](repeating: 0, count: count)
        case 1: return (0..<count).map { UInt8(truncatingIfNeeded: $0 % (Int(kind) / 4 + 1)) }
        default:
            var state = UInt32(kind)
            var noise = (0..<min(count, 4093)).map { _ in
                state = state &* 1_664_525 &+ 1_013_904_223
                return UInt8(state >> 24)
            }
            while noise.count < count { noise += Array(noise[..<min(noise.count, count - noise.count)]) }
            return noise
        }
    }

    private mutating func symbol(_ encoder: LZMAEncoder) -> LZMASymbol {
        let choice = next()
        let isFree = choice >= 0xF8
        // There is nothing to refer to.
        guard !encoder.history.isEmpty || isFree else { return .literal(next()) }
        switch choice & 7 {
        case 3:
            return match(encoder, isFree: isFree)
        case 4:
            return .rep(Int(choice >> 3 & 3), length: length())
        case 5:
            return .shortRep
        case 6:
            literals = (next(), Int(next()))
            return .literal(literals.seed)
        case 7:
            // The next symbol, 1 to 32 Ki times.
            let count = (Int(next()) + 1) << Int(choice >> 3 & 7)
            let symbol = match(encoder, isFree: false)
            repeated = (symbol, count)
            return symbol
        default:
            return .literal(next())
        }
    }

    private mutating func match(_ encoder: LZMAEncoder, isFree: Bool) -> LZMASymbol {
        let size = next()
        var distance = UInt64(next16()) << 8 | UInt64(next())
        distance &= 1 << UInt64(size % 25) - 1
        if !isFree { distance %= UInt64(max(1, min(encoder.history.count, dictionary))) }
        return .match(distance: isFree && size >= 0xF0 ? 1 << 32 : distance + 1, length: length())
    }

    /// A short length, or the longest.
    private mutating func length() -> Int {
        let byte = Int(next())
        return byte == 0xFF ? 273 : byte + 2
    }
}
