/// The places in memory where symbols are read and bytes written (RFC 1951 section 3.2.3).
///
/// @safe: only `Inflater` makes one, for one call, and is responsible for what `run` and `step` ask for.
@safe struct InflateCursor {
    /// The byte that holds the next bit.
    private(set) var input: UnsafePointer<UInt8>
    /// The number of the next bit there.
    private(set) var bit: Int
    private(set) var output: UnsafeMutablePointer<UInt8>
    /// The first byte behind the input.
    private let inputEnd: UnsafePointer<UInt8>
    /// The oldest byte that matches may refer to.
    private let oldest: UnsafeMutablePointer<UInt8>

    /// The length of the longest match.
    static let longestMatch = 258
    /// The number of bytes that must be writable behind a match: copies are made in steps of up to 32.
    static let slack = 64

    /// The number of bytes at the input's end that `run` leaves to `step`: it reads ahead, three times 7 bytes a round, and 8 from there.
    private static let inputMargin = 32
    /// The number of literals before a match that `run` decodes at once.
    private static let literals = 2

    init(
        input: UnsafePointer<UInt8>, bit: Int, inputEnd: UnsafePointer<UInt8>,
        output: UnsafeMutablePointer<UInt8>, oldest: UnsafeMutablePointer<UInt8>
    ) {
        unsafe (self.input, self.inputEnd) = (input, inputEnd)
        self.bit = bit
        unsafe (self.output, self.oldest) = (output, oldest)
    }

    /// What stopped decoding.
    enum Stop {
        /// A limit, the end of the bytes in memory, or a symbol that `run` leaves to `step`.
        case pause
        case endOfBlock
        /// A match that refers further back than there are bytes.
        case distance(Int)
        /// A code that means nothing.
        case literal
        /// The end of the input, in the middle of a symbol.
        case cut
    }

    /// Decodes symbols, as fast as possible, while the output is before `limit`. Ends early near the end of the input and at
    /// symbols that `step` is for; there, the position is that of the symbol.
    ///
    /// The caller guarantees that:
    ///
    /// - a match and `slack` can be written from `limit` on;
    /// - the bytes from `oldest` to the output are the history, of up to 32 KiB or more;
    /// - the tables of `codes` are built.
    ///
    /// Then, no input can make it touch anything else: it checks the places once for each round of up to four symbols, and every
    /// distance before use.
    ///
    /// It calls `marks` for every match. `Marks` is generic so that decoding without it costs nothing.
    @inline(never)
    mutating func run<Marks: WindowMarks>(
        _ codes: InflateCodes, before limit: UnsafeMutablePointer<UInt8>, _ marks: Marks
    ) -> Stop {
        guard unsafe inputEnd - input > Self.inputMargin, unsafe limit - self.output > Self.literals else {
            return .pause
        }
        let inputLimit = unsafe inputEnd - Self.inputMargin
        let outputLimit = unsafe limit - Self.literals
        let literals = unsafe UnsafePointer(codes.literals.entries)
        let distances = unsafe UnsafePointer(codes.distances.entries)
        let oldest = unsafe self.oldest
        var output = unsafe self.output
        var bits = unsafe Bits(input, bit)
        defer {
            unsafe self.output = output
            unsafe (input, bit) = bits.place
        }

        var entry = unsafe literals[bits.index(InflateCodes.literalBits)]
        while unsafe bits.input < inputLimit && output < outputLimit {
            var symbol = bits.buffer
            bits.drop(entry)
            if Int32(bitPattern: entry) < 0 {
                unsafe output.pointee = UInt8(truncatingIfNeeded: entry &>> 16)
                unsafe output += 1
                entry = unsafe literals[bits.index(InflateCodes.literalBits)]
                symbol = bits.buffer
                bits.drop(entry)
                if Int32(bitPattern: entry) < 0 {
                    unsafe output.pointee = UInt8(truncatingIfNeeded: entry &>> 16)
                    unsafe output += 1
                    entry = unsafe literals[bits.index(InflateCodes.literalBits)]
                    symbol = bits.buffer
                    bits.drop(entry)
                    if Int32(bitPattern: entry) < 0 {
                        unsafe output.pointee = UInt8(truncatingIfNeeded: entry &>> 16)
                        unsafe output += 1
                        entry = unsafe literals[bits.index(InflateCodes.literalBits)]
                        bits.refill()
                        continue
                    }
                }
            }

            if _slowPath(entry & InflateEntry.exceptional != 0) {
                let link = entry
                if entry & InflateEntry.link != 0 {
                    symbol = bits.buffer
                    entry = unsafe literals[InflateEntry.index(entry, symbol)]
                    bits.drop(entry)
                }
                if entry & InflateEntry.exceptional != 0 {
                    // The end of the block, or no symbol.
                    bits.undo(entry)
                    if link & InflateEntry.link != 0 { bits.undo(link) }
                    return .pause
                }
                if Int32(bitPattern: entry) < 0 {
                    unsafe output.pointee = UInt8(truncatingIfNeeded: entry &>> 16)
                    unsafe output += 1
                    bits.refill()
                    entry = unsafe literals[bits.index(InflateCodes.literalBits)]
                    continue
                }
            }
            let length = InflateEntry.value(entry, symbol)

            // 56 bits less two literals and a length: 14 are left, which are enough to choose an entry.
            entry = unsafe distances[bits.index(InflateCodes.distanceBits)]
            if _slowPath(entry & InflateEntry.link != 0) {
                bits.refill()
                bits.drop(entry)
                entry = unsafe distances[InflateEntry.index(entry, bits.buffer)]
            } else if _slowPath(bits.isLow) {
                bits.refill()
            }
            symbol = bits.buffer
            bits.drop(entry)
            let distance = InflateEntry.value(entry, symbol)
            guard unsafe distance <= output - oldest else { return .distance(distance) }

            // The next entry is on its way while the match is copied.
            entry = unsafe literals[bits.index(InflateCodes.literalBits)]
            bits.refill()
            unsafe marks.mark(output - distance, length)
            unsafe Self.copy(distance, length, to: output)
            unsafe output += length
        }
        return .pause
    }

    /// Decodes one symbol, and takes it only if the input holds all of it.
    ///
    /// The caller guarantees that a match and `slack` can be written to the output, that `InflateInput.slack` bytes can be read
    /// behind the input, and the same as for `run`.
    mutating func step<Marks: WindowMarks>(_ codes: InflateCodes, _ marks: Marks) -> Stop {
        // A symbol has up to 48 bits.
        let word = unsafe UnsafeRawPointer(input).loadUnaligned(as: UInt64.self)
        var next = UInt64(littleEndian: word) &>> UInt64(truncatingIfNeeded: bit)
        let left = unsafe (inputEnd - input) &* 8 &- bit
        var entry = unsafe codes.literals.entries[Int(next & (1 << InflateCodes.literalBits - 1))]
        var taken = 0
        if entry & InflateEntry.link != 0 {
            next &>>= UInt64(InflateCodes.literalBits)
            taken = InflateCodes.literalBits
            entry = unsafe codes.literals.entries[InflateEntry.index(entry, next)]
        }
        taken += InflateEntry.drop(entry)
        guard taken <= left else { return .cut }
        if entry & InflateEntry.literal != 0 {
            unsafe output.pointee = UInt8(truncatingIfNeeded: entry >> 16)
            unsafe output += 1
            take(taken)
            return .pause
        }
        if entry & InflateEntry.exceptional != 0 {
            guard entry & InflateEntry.endOfBlock != 0 else { return .literal }
            take(taken)
            return .endOfBlock
        }
        let length = InflateEntry.value(entry, next)
        next &>>= UInt64(InflateEntry.drop(entry))

        entry = unsafe codes.distances.entries[Int(next & (1 << InflateCodes.distanceBits - 1))]
        if entry & InflateEntry.link != 0 {
            next &>>= UInt64(InflateCodes.distanceBits)
            taken += InflateCodes.distanceBits
            entry = unsafe codes.distances.entries[InflateEntry.index(entry, next)]
        }
        taken += InflateEntry.drop(entry)
        guard taken <= left else { return .cut }
        let distance = InflateEntry.value(entry, next)
        guard unsafe distance <= output - oldest else { return .distance(distance) }
        unsafe marks.mark(output - distance, length)
        unsafe Self.copy(distance, length, to: output)
        unsafe output += length
        take(taken)
        return .pause
    }

    private mutating func take(_ bits: Int) {
        unsafe input += (bit + bits) >> 3
        bit = (bit + bits) & 7
    }
}
