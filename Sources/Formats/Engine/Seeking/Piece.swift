/// A piece of decoded data, or the part of one before the end.
enum Piece {
    /// This many zeroes.
    case zeroes(Int)
    case bytes([UInt8])

    var count: Int {
        switch self {
        case .zeroes(let count): count
        case .bytes(let bytes): bytes.count
        }
    }

    var isZeroes: Bool {
        if case .zeroes = self { true } else { false }
    }

    var content: [UInt8] {
        switch self {
        case .zeroes(let count): [UInt8](repeating: 0, count: count)
        case .bytes(let bytes): bytes
        }
    }

    /// The hash of the piece in seek indexes.
    var hash: UInt64 {
        switch self {
        case .zeroes: SpanDetail.zeroHash
        case .bytes(let bytes): SpanDetail.hash(bytes)
        }
    }
}
