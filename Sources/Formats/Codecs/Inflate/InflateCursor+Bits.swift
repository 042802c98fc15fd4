extension InflateCursor {
    /// The bits that come next, in a register: part of the hot loop, into which every method is inlined.
    ///
    /// @safe: the loop is responsible for the pointer.
    @safe struct Bits {
        /// The next bits, from the lowest on. Those above `count` are right, or 0.
        private(set) var buffer: UInt64
        /// The number of bits, in the low byte. The bytes above have no meaning.
        private var count: UInt64 = 0
        /// The byte after the last whole one in `buffer`.
        private(set) var input: UnsafePointer<UInt8>

        /// Starts at bit `bit` of the byte at `input`.
        @inline(__always) init(_ input: UnsafePointer<UInt8>, _ bit: Int) {
            buffer = 0
            unsafe self.input = input
            refill()
            buffer &>>= UInt64(truncatingIfNeeded: bit)
            count &-= UInt64(truncatingIfNeeded: bit)
            refill()
        }

        /// Makes `count` 56 or more. Bits that are there already are read again: they are the same.
        @inline(__always) mutating func refill() {
            let word = unsafe UnsafeRawPointer(input).loadUnaligned(as: UInt64.self)
            buffer |= UInt64(littleEndian: word) &<< count
            unsafe input += Int(truncatingIfNeeded: 7 &- (count &>> 3) & 7)
            count |= 56
        }

        /// The index in a table of `width` bits that the next bits choose.
        @inline(__always) func index(_ width: Int) -> Int {
            Int(truncatingIfNeeded: buffer & (1 &<< UInt64(truncatingIfNeeded: width) &- 1))
        }

        /// Drops the bits of `entry`.
        @inline(__always) mutating func drop(_ entry: UInt32) {
            // Only the low six bits of the entry count for the shift, and they are all that there is in its low byte.
            buffer &>>= UInt64(truncatingIfNeeded: entry)
            count &-= UInt64(truncatingIfNeeded: entry)
        }

        /// Puts the bits of `entry` back, for `place` only.
        @inline(__always) mutating func undo(_ entry: UInt32) {
            count &+= UInt64(truncatingIfNeeded: entry)
        }

        /// True if there may be too few bits for a distance from the table, 21, and the index after it.
        @inline(__always) var isLow: Bool { count & 63 < 21 + UInt64(InflateCodes.literalBits) }

        /// The byte of the next bit, and its number there.
        @inline(__always) var place: (UnsafePointer<UInt8>, Int) {
            let left = Int(truncatingIfNeeded: count & 63)
            return unsafe (input - (left + 7) / 8, -left & 7)
        }
    }
}
