import TestSupport

/// Kinds of data that compress differently.
enum TestContent: String, CaseIterable, CustomStringConvertible {
    case text, binary, zeroes, runs, mixture, periods, random, sparse

    var description: String { rawValue }

    /// `count` bytes of this kind.
    func bytes(count: Int, _ random: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 1000)
        while bytes.count < count { append(to: &bytes, &random) }
        return Array(bytes[..<count])
    }

    private func append(to bytes: inout [UInt8], _ random: inout SeededGenerator) {
        switch self {
        case .text:
            // Words of a small vocabulary.
            let word = Int(random.next() % 400)
            for index in 0...(word % 9) { bytes.append(UInt8(97 + (word * 7 + index * index) % 26)) }
            bytes.append(word % 13 == 0 ? 10 : 32)
        case .binary:
            // Records of 16 bytes with a counter and few values.
            let value = random.next()
            let counter = bytes.count / 16
            bytes += [UInt8(truncatingIfNeeded: counter), UInt8(truncatingIfNeeded: counter >> 8), 0, 0]
            bytes += [UInt8(value & 3), 0xFF, 0x8B, UInt8(value >> 8 & 0xF)]
            bytes += [UInt8(truncatingIfNeeded: value >> 16), 0, 0, 0x48, 0x89, UInt8(value >> 24 & 7), 0, 0]
        case .zeroes:
            Self.append(0, 5000, to: &bytes)
        case .runs:
            Self.append(UInt8(truncatingIfNeeded: random.next()), Int(random.next() % 3000) + 1, to: &bytes)
        case .mixture:
            // What is new, or a piece of what was there, from near or far.
            let length = Int(random.next() % 60) + 1
            if bytes.count < 100 || random.next() % 3 == 0 {
                for _ in 0..<length { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
            } else {
                let reach = UInt64(random.next() % 2 == 0 ? min(300, bytes.count) : bytes.count)
                let start = bytes.count - Int(random.next() % reach) - 1
                for index in 0..<length { bytes.append(bytes[start + index]) }
            }
        case .periods:
            let period = Int(random.next() % 20) + 1
            let start = bytes.count
            for index in 0..<Int(random.next() % 2000) + 40 {
                bytes.append(
                    index < period ? UInt8(truncatingIfNeeded: random.next()) : bytes[start + index - period])
            }
        case .random:
            for _ in 0..<100 { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
        case .sparse:
            Self.append(0, Int(random.next() % 150_000), to: &bytes)
            TestContent.text.append(to: &bytes, &random)
            TestContent.random.append(to: &bytes, &random)
        }
    }

    private static func append(_ byte: UInt8, _ count: Int, to bytes: inout [UInt8]) {
        bytes += [UInt8](repeating: byte, count: count)
    }
}
