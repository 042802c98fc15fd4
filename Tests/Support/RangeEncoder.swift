/// The range encoder of LZMA (the counterpart of the LZMA specification's "Range Decoder"), written to be plain.
struct RangeEncoder {
    private var low: UInt64 = 0
    private var range: UInt32 = .max
    private var cache: UInt8 = 0
    /// The number of bytes that a carry may still change: `cache`, and 0xFF bytes after it.
    private var pending = 1
    private var output: [UInt8] = []

    /// The most bytes that there would be if the data ended here.
    var count: Int { output.count + pending + 5 }

    /// Encodes a bit whose chance of being 0 is `probability`, and adapts `probability`.
    mutating func encode(_ bit: Int, _ probability: inout UInt16) {
        let bound = (range >> 11) * UInt32(probability)
        if bit == 0 {
            range = bound
            probability += (2048 - probability) >> 5
        } else {
            low += UInt64(bound)
            range -= bound
            probability -= probability >> 5
        }
        normalize()
    }

    /// Encodes the low `count` bits of `value`, each as likely 0 as 1.
    mutating func encodeDirect(_ value: UInt32, count: Int) {
        for place in (0..<count).reversed() {
            range >>= 1
            if value >> UInt32(place) & 1 == 1 { low += UInt64(range) }
            normalize()
        }
    }

    /// Writes what is pending and returns all bytes.
    mutating func finish() -> [UInt8] {
        for _ in 0..<5 { shift() }
        return output
    }

    private mutating func normalize() {
        while range < 1 << 24 {
            range <<= 8
            shift()
        }
    }

    private mutating func shift() {
        if low < 0xFF00_0000 || low >= 1 << 32 {
            let carry = UInt8(low >> 32)
            output.append(cache &+ carry)
            for _ in 1..<pending { output.append(0xFF &+ carry) }
            pending = 0
            cache = UInt8(truncatingIfNeeded: low >> 24)
        }
        pending += 1
        low = (low & 0x00FF_FFFF) << 8
    }
}
