/// The range decoder of LZMA at work on one chunk (LZMA specification, "Range Decoder").
///
/// Every method is one step of the hot loop in `LZMAState.decode`, and is inlined into it: a call would spill `range`
/// and `code` to memory at each bit. Nothing here checks bounds, as that loop does.
///
/// @safe: only that loop makes one, and it is responsible for the pointer.
@safe struct RangeDecoder {
    private var range: UInt32 = .max
    private(set) var code: UInt32
    /// The next byte to take.
    private(set) var input: UnsafePointer<UInt8>

    /// Starts at `input`, where a chunk's LZMA data has a byte that is 0 and four bytes of code.
    @inline(__always) init(_ start: UnsafePointer<UInt8>) {
        code =
            unsafe UInt32(start[1]) << 24 | UInt32(start[2]) << 16 | UInt32(start[3]) << 8
            | UInt32(start[4])
        unsafe input = start + 5
    }

    @inline(__always) mutating func normalize() {
        if _slowPath(range < 1 << 24) {
            range &<<= 8
            code = unsafe code &<< 8 | UInt32(input.pointee)
            unsafe input += 1
        }
    }

    /// A bit for the program to branch on.
    @inline(__always) mutating func bit(_ probability: UnsafeMutablePointer<UInt16>) -> Bool {
        normalize()
        let chance = unsafe UInt32(probability.pointee)
        let bound = (range &>> 11) &* chance
        if code < bound {
            range = bound
            unsafe probability.pointee = UInt16(truncatingIfNeeded: chance &+ ((2048 &- chance) &>> 5))
            return false
        } else {
            range &-= bound
            code &-= bound
            unsafe probability.pointee = UInt16(truncatingIfNeeded: chance &- (chance &>> 5))
            return true
        }
    }

    /// A bit for the program to compute with: a mask of ones if the bit is 0, and of zeroes if it is 1.
    ///
    /// Half of these bits cannot be predicted, so there is no branch, and no `?:` that might become one: the mask comes
    /// from the borrow of the comparison itself. `chance` is the probability's value, which the caller has loaded ahead
    /// of time.
    @inline(__always) mutating func mask(
        _ probability: UnsafeMutablePointer<UInt16>, _ chance: UInt32
    ) -> UInt32 {
        normalize()
        let bound = (range &>> 11) &* chance
        let rest = range &- bound
        let (difference, borrow) = code.subtractingReportingOverflow(bound)
        let mask = unsafe 0 &- UInt32(unsafeBitCast(borrow, to: UInt8.self))
        range = (bound & mask) | (rest & ~mask)
        code = (code & mask) | (difference & ~mask)
        // For 0: p + (2048 - p) >> 5; for 1: p - p >> 5.
        let step = chance &+ (mask & (31 &- 2048))
        unsafe probability.pointee = UInt16(
            truncatingIfNeeded: chance &- UInt32(bitPattern: Int32(bitPattern: step) &>> 5))
        return mask
    }

    /// One level of a bit tree. `chance` is the probability of the node `symbol`, and becomes that of the child.
    ///
    /// Both children are loaded before the bit is known, so their loads overlap with its arithmetic.
    @inline(__always) mutating func branch(
        _ tree: UnsafeMutablePointer<UInt16>, _ symbol: inout Int, _ chance: inout UInt32
    ) {
        let zero = unsafe UInt32(tree[2 &* symbol])
        let one = unsafe UInt32(tree[2 &* symbol &+ 1])
        let mask = unsafe mask(tree + symbol, chance)
        chance = (zero & mask) | (one & ~mask)
        symbol = 2 &* symbol &+ 1 &+ Int(Int32(bitPattern: mask))
    }

    /// The last level of a bit tree.
    @inline(__always) mutating func leaf(
        _ tree: UnsafeMutablePointer<UInt16>, _ symbol: inout Int, _ chance: UInt32
    ) {
        let mask = unsafe mask(tree + symbol, chance)
        symbol = 2 &* symbol &+ 1 &+ Int(Int32(bitPattern: mask))
    }

    // The trees are unrolled by hand: a loop over their bits is not, and costs a tenth.

    /// A bit tree of 3 bits: 0 to 7.
    @inline(__always) mutating func tree3(_ tree: UnsafeMutablePointer<UInt16>) -> Int {
        var symbol = 1
        var chance = unsafe UInt32(tree[1])
        unsafe branch(tree, &symbol, &chance)
        unsafe branch(tree, &symbol, &chance)
        unsafe leaf(tree, &symbol, chance)
        return symbol &- 8
    }

    /// A bit tree of 6 bits: 0 to 63.
    @inline(__always) mutating func tree6(_ tree: UnsafeMutablePointer<UInt16>) -> Int {
        var symbol = 1
        var chance = unsafe UInt32(tree[1])
        unsafe branch(tree, &symbol, &chance)
        unsafe branch(tree, &symbol, &chance)
        unsafe branch(tree, &symbol, &chance)
        unsafe branch(tree, &symbol, &chance)
        unsafe branch(tree, &symbol, &chance)
        unsafe leaf(tree, &symbol, chance)
        return symbol &- 64
    }

    /// A bit tree of 8 bits: 0 to 255.
    @inline(__always) mutating func tree8(_ tree: UnsafeMutablePointer<UInt16>) -> Int {
        var symbol = 1
        var chance = unsafe UInt32(tree[1])
        unsafe branch(tree, &symbol, &chance)
        unsafe branch(tree, &symbol, &chance)
        unsafe branch(tree, &symbol, &chance)
        unsafe branch(tree, &symbol, &chance)
        unsafe branch(tree, &symbol, &chance)
        unsafe branch(tree, &symbol, &chance)
        unsafe branch(tree, &symbol, &chance)
        unsafe leaf(tree, &symbol, chance)
        return symbol &- 256
    }

    /// A literal that is likely to differ from the byte at the last distance, `match`, in its later bits.
    @inline(__always) mutating func matchedLiteral(
        _ tree: UnsafeMutablePointer<UInt16>, _ match: UInt8
    ) -> Int {
        var match = UInt32(match) &<< 1
        var offset: UInt32 = 0x100
        var symbol = 1
        var chance = unsafe UInt32(tree[Int(offset &+ (match & offset)) &+ 1])
        unsafe matchedBranch(tree, &match, &offset, &symbol, &chance)
        unsafe matchedBranch(tree, &match, &offset, &symbol, &chance)
        unsafe matchedBranch(tree, &match, &offset, &symbol, &chance)
        unsafe matchedBranch(tree, &match, &offset, &symbol, &chance)
        unsafe matchedBranch(tree, &match, &offset, &symbol, &chance)
        unsafe matchedBranch(tree, &match, &offset, &symbol, &chance)
        unsafe matchedBranch(tree, &match, &offset, &symbol, &chance)
        let last = unsafe tree + (Int(offset &+ (match & offset)) &+ symbol)
        let mask = unsafe mask(last, chance)
        return 2 &* symbol &+ 1 &+ Int(Int32(bitPattern: mask)) &- 256
    }

    /// One level of a matched literal. `offset` is 0x100 until the first bit that differs from `match`, and 0 from then
    /// on. As in `branch`, both probabilities that may come next are loaded before the bit is known.
    @inline(__always) private mutating func matchedBranch(
        _ tree: UnsafeMutablePointer<UInt16>, _ match: inout UInt32, _ offset: inout UInt32,
        _ symbol: inout Int, _ chance: inout UInt32
    ) {
        let bit = match & offset
        let probability = unsafe tree + (Int(offset &+ bit) &+ symbol)
        match &<<= 1
        let offsetIfZero = offset ^ bit
        let zero = unsafe UInt32(
            tree[Int(offsetIfZero &+ (match & offsetIfZero)) &+ 2 &* symbol])
        let one = unsafe UInt32(tree[Int(bit &+ (match & bit)) &+ 2 &* symbol &+ 1])
        let mask = unsafe mask(probability, chance)
        chance = (zero & mask) | (one & ~mask)
        symbol = 2 &* symbol &+ 1 &+ Int(Int32(bitPattern: mask))
        offset = bit ^ (offset & mask)
    }

    /// A reverse bit tree of 4 bits: 0 to 15.
    @inline(__always) mutating func reverseTree4(_ tree: UnsafeMutablePointer<UInt16>) -> UInt32 {
        var symbol = 1
        var chance = unsafe UInt32(tree[1])
        unsafe branch(tree, &symbol, &chance)
        unsafe branch(tree, &symbol, &chance)
        unsafe branch(tree, &symbol, &chance)
        unsafe leaf(tree, &symbol, chance)
        // The first bit of the tree is the lowest one.
        let bits = UInt32(truncatingIfNeeded: symbol)
        return (bits & 1) &<< 3 | (bits & 2) &<< 1 | (bits & 4) &>> 1 | (bits & 8) &>> 3
    }

    /// A reverse bit tree of `count` bits, 1 to 5. Adds each bit to `value` at its position.
    @inline(__always) mutating func reverseTree(
        _ tree: UnsafeMutablePointer<UInt16>, _ count: UInt32, _ value: inout UInt32
    ) {
        var symbol = 1
        var place: UInt32 = 0
        repeat {
            let mask = unsafe mask(tree + symbol, UInt32(tree[symbol]))
            symbol = 2 &* symbol &+ 1 &+ Int(Int32(bitPattern: mask))
            value &+= ~mask & (1 &<< place)
            place &+= 1
        } while place < count
    }

    /// Appends `count` bits, 1 to 26, to `value`. Each is as likely 0 as 1.
    @inline(__always) mutating func direct(_ count: UInt32, _ value: inout UInt32) {
        var count = count
        repeat {
            normalize()
            range &>>= 1
            let (difference, borrow) = code.subtractingReportingOverflow(range)
            let mask = unsafe 0 &- UInt32(unsafeBitCast(borrow, to: UInt8.self))
            code = (code & mask) | (difference & ~mask)
            value = value &<< 1 &+ 1 &+ mask
            count &-= 1
        } while count > 0
    }
}
