/// The state that LZMA carries from symbol to symbol, besides the model and the window (LZMA specification, "The main
/// loop of decoder").
struct LZMAState: Equatable, Sendable {
    /// The kinds of the last symbols, 0 to 11. From 7 up, the last one was a match.
    var state = 0
    /// The last four distances of matches, less 1.
    var rep0: UInt32 = 0
    var rep1: UInt32 = 0
    var rep2: UInt32 = 0
    var rep3: UInt32 = 0

    /// lc: the number of high bits of the previous byte that choose a literal's model.
    private(set) var literalContextBits = 0
    /// lp: the number of low bits of a literal's position that choose its model.
    private(set) var literalPositionBits = 0
    /// pb: the number of low bits of the position that choose the model of everything else.
    private(set) var positionBits = 0

    /// The last state that follows a literal.
    private static let lastLiteralState = 6

    /// The length in bytes that must be readable behind the input and writable behind the output: a symbol takes up to
    /// 48 steps of the range decoder, and copies are made in steps of up to 64 bytes.
    static let slack = 64

    init() {}

    /// The initial state, with the properties in `byte`: (pb * 5 + lp) * 9 + lc.
    ///
    /// Nil for values that LZMA2 does not allow: lc + lp is at most 4.
    init?(properties byte: UInt8) {
        guard byte < 9 * 5 * 5 else { return nil }
        literalContextBits = Int(byte % 9)
        literalPositionBits = Int(byte / 9 % 5)
        positionBits = Int(byte / 45)
        guard literalContextBits + literalPositionBits <= 4 else { return nil }
    }

    /// The properties as stored in a file.
    var properties: UInt8 { UInt8((positionBits * 5 + literalPositionBits) * 9 + literalContextBits) }

    /// The number of bits that choose the model of a literal.
    var literalBits: Int { literalContextBits + literalPositionBits }

    /// Resets all but the properties.
    mutating func reset() {
        state = 0
        (rep0, rep1, rep2, rep3) = (0, 0, 0, 0)
    }

    /// True if the next symbol may read the byte at the last distance without checking it.
    var readsLastDistance: Bool { state > Self.lastLiteralState }

    /// Decodes one chunk. Returns true if the chunk is sound: it fills `output` up to `outputEnd` exactly, and takes
    /// the input up to `inputEnd` exactly.
    ///
    /// The caller guarantees that:
    ///
    /// - `slack` bytes can be read from `inputEnd` on, and written from `outputEnd` on;
    /// - the bytes from `oldest` to `output` are the history, to which matches may refer up to `dictionary` bytes back,
    ///   and a byte before `output` can be read;
    /// - the low four bits of the address `output` equal those of the position since the dictionary was reset;
    /// - `model` has all probabilities for the properties;
    /// - `rep0` is within the history if `readsLastDistance`.
    ///
    /// Then, no input can make it touch anything else: it checks the input once for each symbol, which is never longer
    /// than `slack`, and every distance and length before use.
    ///
    /// It calls `marks` for every byte of the history that it reads. `Marks` is generic so that decoding without it
    /// costs nothing.
    @inline(never)
    mutating func decode<Marks: WindowMarks>(
        _ model: UnsafeMutablePointer<UInt16>,
        _ inputStart: UnsafePointer<UInt8>, _ inputEnd: UnsafePointer<UInt8>,
        _ outputStart: UnsafeMutablePointer<UInt8>, _ outputEnd: UnsafeMutablePointer<UInt8>,
        oldest: UnsafeMutablePointer<UInt8>, dictionary: Int, _ marks: Marks
    ) -> Bool {
        // Locals live in registers.
        var coder = unsafe RangeDecoder(inputStart)
        var output = unsafe outputStart
        var state = self.state
        var (rep0, rep1, rep2, rep3) = (self.rep0, self.rep1, self.rep2, self.rep3)
        let positionMask = 1 &<< positionBits &- 1
        let literalMask = 1 &<< literalPositionBits &- 1
        let literalContextBits = literalContextBits
        let literalShift = 8 &- literalContextBits
        let literals = unsafe model + LZMAModel.literal

        while unsafe output < outputEnd {
            guard unsafe coder.input <= inputEnd else { return false }
            let position = Int(bitPattern: output)
            let positionState = position & positionMask
            let before = unsafe Int(output[-1])

            guard unsafe coder.bit(model + (LZMAModel.isMatch &+ state &* 16 &+ positionState)) else {
                let context = (position & literalMask) &<< literalContextBits &+ before &>> literalShift
                let tree = unsafe literals + context &* 0x300
                let literal: Int
                if state <= Self.lastLiteralState {
                    literal = unsafe coder.tree8(tree)
                    state = state < 4 ? 0 : state &- 3
                } else {
                    let match = unsafe output - (Int(rep0) &+ 1)
                    unsafe marks.mark(match, 1)
                    literal = unsafe coder.matchedLiteral(tree, match.pointee)
                    state = state < 10 ? state &- 3 : state &- 6
                }
                unsafe output.pointee = UInt8(truncatingIfNeeded: literal)
                unsafe output += 1
                continue
            }

            let lengths: UnsafeMutablePointer<UInt16>
            let isNewDistance: Bool
            if unsafe coder.bit(model + (LZMAModel.isRep &+ state)) {
                isNewDistance = false
                if unsafe coder.bit(model + (LZMAModel.isRepG0 &+ state)) {
                    let distance: UInt32
                    if unsafe coder.bit(model + (LZMAModel.isRepG1 &+ state)) {
                        if unsafe coder.bit(model + (LZMAModel.isRepG2 &+ state)) {
                            distance = rep3
                            rep3 = rep2
                        } else {
                            distance = rep2
                        }
                        rep2 = rep1
                    } else {
                        distance = rep1
                    }
                    rep1 = rep0
                    rep0 = distance
                } else if unsafe !coder.bit(
                    model + (LZMAModel.isRep0Long &+ state &* 16 &+ positionState))
                {
                    // A single byte from the last distance.
                    guard unsafe Int(rep0) < output - oldest else { return false }
                    let source = unsafe output - (Int(rep0) &+ 1)
                    unsafe marks.mark(source, 1)
                    unsafe output.pointee = source.pointee
                    unsafe output += 1
                    state = state <= Self.lastLiteralState ? 9 : 11
                    continue
                }
                state = state <= Self.lastLiteralState ? 8 : 11
                unsafe lengths = model + LZMAModel.repLength
            } else {
                isNewDistance = true
                (rep1, rep2, rep3) = (rep0, rep1, rep2)
                state = state <= Self.lastLiteralState ? 7 : 10
                unsafe lengths = model + LZMAModel.matchLength
            }

            // The length, less 2.
            var length: Int
            if unsafe !coder.bit(lengths + LZMAModel.Length.choice) {
                length = unsafe coder.tree3(lengths + (LZMAModel.Length.low &+ positionState &* 8))
            } else if unsafe !coder.bit(lengths + LZMAModel.Length.choice2) {
                length = unsafe 8 &+ coder.tree3(lengths + (LZMAModel.Length.mid &+ positionState &* 8))
            } else {
                length = unsafe 16 &+ coder.tree8(lengths + LZMAModel.Length.high)
            }

            if isNewDistance {
                let kind = min(length, 3)
                let slot = unsafe coder.tree6(model + (LZMAModel.distanceSlot &+ kind &* 64))
                if slot < 4 {
                    rep0 = UInt32(truncatingIfNeeded: slot)
                } else {
                    let bits = UInt32(truncatingIfNeeded: slot &>> 1 &- 1)
                    rep0 = 2 | UInt32(truncatingIfNeeded: slot & 1)
                    if slot < 14 {
                        rep0 &<<= bits
                        let tree = unsafe model + (LZMAModel.distanceSpecial &+ Int(rep0) &- slot &- 1)
                        unsafe coder.reverseTree(tree, bits, &rep0)
                    } else {
                        coder.direct(bits &- 4, &rep0)
                        rep0 = unsafe rep0 &<< 4 &+ coder.reverseTree4(model + LZMAModel.distanceAlign)
                    }
                }
            }

            length &+= 2
            guard Int(rep0) < dictionary, unsafe Int(rep0) < output - oldest,
                unsafe length <= outputEnd - output
            else {
                return false
            }
            let distance = Int(rep0) &+ 1
            var source = unsafe output - distance
            unsafe marks.mark(source, length)
            let end = unsafe output + length
            if distance >= 16 {
                repeat {
                    unsafe Self.copy16(source, output)
                    unsafe source += 16
                    unsafe output += 16
                } while unsafe output < end
            } else if distance == 1 {
                // Runs of one byte make up most of an empty disk.
                let bytes = unsafe SIMD64<UInt8>(repeating: source.pointee)
                repeat {
                    unsafe UnsafeMutableRawPointer(output).storeBytes(of: bytes, as: SIMD64<UInt8>.self)
                    unsafe output += 64
                } while unsafe output < end
            } else {
                repeat {
                    unsafe output.pointee = source.pointee
                    unsafe source += 1
                    unsafe output += 1
                } while unsafe output < end
            }
            unsafe output = end
        }
        coder.normalize()
        self.state = state
        (self.rep0, self.rep1, self.rep2, self.rep3) = (rep0, rep1, rep2, rep3)
        return unsafe coder.input == inputEnd && coder.code == 0
    }

    @inline(__always) private static func copy16(
        _ source: UnsafeMutablePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>
    ) {
        let bytes = unsafe UnsafeRawPointer(source).loadUnaligned(as: SIMD16<UInt8>.self)
        unsafe UnsafeMutableRawPointer(target).storeBytes(of: bytes, as: SIMD16<UInt8>.self)
    }
}
