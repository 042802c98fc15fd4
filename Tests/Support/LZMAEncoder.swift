/// Encodes LZMA symbols one by one, including those that no sound file has. It refuses nothing.
///
/// It was written from the LZMA specification alone, so that it shares no mistake with the decoder.
package struct LZMAEncoder {
    package var properties = LZMAProperties()
    package var state = 0
    /// The last four distances, less 1.
    package var reps: [UInt32] = [0, 0, 0, 0]
    /// The bytes since the dictionary was reset, to which matches refer.
    package var history: [UInt8] = []

    private var isMatch = tree(12 * 16)
    private var isRep = tree(12)
    private var isRepG0 = tree(12)
    private var isRepG1 = tree(12)
    private var isRepG2 = tree(12)
    private var isRep0Long = tree(12 * 16)
    /// 0x300 for each context.
    private var literals = tree(0x300 << 4)
    /// 64 for each of four kinds of length.
    private var slots = tree(4 * 64)
    /// 32 for each slot.
    private var special = tree(14 * 32)
    private var align = tree(16)
    private var matchLengths = LengthModel()
    private var repLengths = LengthModel()

    /// The model of the lengths of one kind of match.
    private struct LengthModel {
        var choice: [UInt16] = tree(2)
        /// 8 for each position.
        var low = tree(16 * 8)
        var mid = tree(16 * 8)
        var high = tree(256)
    }

    private static func tree(_ count: Int) -> [UInt16] { Array(repeating: 1024, count: count) }

    /// Creates an encoder at the start of its data.
    package init() {}

    /// Resets everything but the properties and the history.
    package mutating func reset() {
        let history = history
        let properties = properties
        self = LZMAEncoder()
        self.history = history
        self.properties = properties
    }

    /// The byte at `distance` back. 0 if there is none.
    private func byte(_ distance: UInt64) -> UInt8 {
        distance <= UInt64(history.count) ? history[history.count - Int(distance)] : 0
    }

    mutating func encode(_ symbol: LZMASymbol, _ coder: inout RangeEncoder) {
        let position = history.count & (1 << properties.pb - 1)
        switch symbol {
        case .literal(let byte):
            coder.encode(0, &isMatch[state * 16 + position])
            encodeLiteral(byte, &coder)
            history.append(byte)
            state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6
        case .match(let distance, let length):
            coder.encode(1, &isMatch[state * 16 + position])
            coder.encode(0, &isRep[state])
            Self.encode(length: length - 2, position, &matchLengths, &coder)
            reps = [UInt32(truncatingIfNeeded: distance - 1), reps[0], reps[1], reps[2]]
            encodeDistance(kind: min(length - 2, 3), &coder)
            state = state < 7 ? 7 : 10
            copy(length)
        case .rep(let index, let length):
            coder.encode(1, &isMatch[state * 16 + position])
            coder.encode(1, &isRep[state])
            encodeRep(index, position, &coder)
            reps.insert(reps.remove(at: index), at: 0)
            Self.encode(length: length - 2, position, &repLengths, &coder)
            state = state < 7 ? 8 : 11
            copy(length)
        case .shortRep:
            coder.encode(1, &isMatch[state * 16 + position])
            coder.encode(1, &isRep[state])
            coder.encode(0, &isRepG0[state])
            coder.encode(0, &isRep0Long[state * 16 + position])
            state = state < 7 ? 9 : 11
            copy(1)
        }
    }

    private mutating func copy(_ length: Int) {
        let start = history.count - Int(reps[0]) - 1
        guard start >= 0 else {
            history += [UInt8](repeating: 0, count: length)
            return
        }
        var left = length
        while left > 0 {
            // Without this copy, appending would copy all of the history.
            let piece = Array(history[start..<min(start + left, history.count)])
            history += piece
            left -= piece.count
        }
    }

    private mutating func encodeLiteral(_ literal: UInt8, _ coder: inout RangeEncoder) {
        let context = (history.count & (1 << properties.lp - 1)) << properties.lc
        let base = (context + Int(history.last ?? 0) >> (8 - properties.lc)) * 0x300
        var isMatched = state >= 7
        let match = isMatched ? Int(byte(UInt64(reps[0]) + 1)) : 0
        var node = 1
        for place in (0..<8).reversed() {
            let bit = Int(literal) >> place & 1
            let matchBit = match >> place & 1
            coder.encode(bit, &literals[base + (isMatched ? (1 + matchBit) << 8 : 0) + node])
            node = node << 1 | bit
            if matchBit != bit { isMatched = false }
        }
    }

    private mutating func encodeRep(_ index: Int, _ position: Int, _ coder: inout RangeEncoder) {
        coder.encode(index == 0 ? 0 : 1, &isRepG0[state])
        guard index > 0 else {
            coder.encode(1, &isRep0Long[state * 16 + position])
            return
        }
        coder.encode(index == 1 ? 0 : 1, &isRepG1[state])
        if index > 1 { coder.encode(index == 2 ? 0 : 1, &isRepG2[state]) }
    }

    private static func encode(
        length: Int, _ position: Int, _ model: inout LengthModel, _ coder: inout RangeEncoder
    ) {
        coder.encode(length < 8 ? 0 : 1, &model.choice[0])
        if length < 8 {
            encode(length, count: 3, &model.low, position * 8, &coder)
            return
        }
        coder.encode(length < 16 ? 0 : 1, &model.choice[1])
        if length < 16 {
            encode(length - 8, count: 3, &model.mid, position * 8, &coder)
        } else {
            encode(length - 16, count: 8, &model.high, 0, &coder)
        }
    }

    private mutating func encodeDistance(kind: Int, _ coder: inout RangeEncoder) {
        let distance = reps[0]
        let bits = 31 - distance.leadingZeroBitCount
        let slot = distance < 4 ? Int(distance) : 2 * bits + Int(distance >> UInt32(bits - 1) & 1)
        Self.encode(slot, count: 6, &slots, kind * 64, &coder)
        guard slot >= 4 else { return }
        let rest = distance & (1 << UInt32(bits - 1) - 1)
        if slot < 14 {
            Self.encodeReverse(Int(rest), count: bits - 1, &special, slot * 32, &coder)
        } else {
            coder.encodeDirect(rest >> 4, count: bits - 5)
            Self.encodeReverse(Int(rest & 15), count: 4, &align, 0, &coder)
        }
    }

    /// Encodes a bit tree: the high bit of `value` first.
    private static func encode(
        _ value: Int, count: Int, _ tree: inout [UInt16], _ base: Int, _ coder: inout RangeEncoder
    ) {
        var node = 1
        for place in (0..<count).reversed() {
            let bit = value >> place & 1
            coder.encode(bit, &tree[base + node])
            node = node << 1 | bit
        }
    }

    /// Encodes a reverse bit tree: the low bit of `value` first.
    private static func encodeReverse(
        _ value: Int, count: Int, _ tree: inout [UInt16], _ base: Int, _ coder: inout RangeEncoder
    ) {
        var node = 1
        for place in 0..<count {
            let bit = value >> place & 1
            coder.encode(bit, &tree[base + node])
            node = node << 1 | bit
        }
    }
}
