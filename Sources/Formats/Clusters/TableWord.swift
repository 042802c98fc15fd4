/// The integers that the tables of an image consist of.
enum TableWord: Sendable {
    case big64
    case little64
    case little32

    /// log2 of the word's size in bytes.
    var bits: UInt64 { self == .little32 ? 2 : 3 }

    /// The word's size in bytes.
    var size: Int { 1 << Int(bits) }

    /// The words in `bytes`.
    func words(_ bytes: [UInt8]) -> [UInt64] {
        let count = bytes.count / size
        return switch self {
        case .big64: bytes.bigEndianWords(count, at: 0)
        case .little64: bytes.bigEndianWords(count, at: 0).map(\.byteSwapped)
        case .little32: bytes.littleEndianHalfWords(count)
        }
    }
}
