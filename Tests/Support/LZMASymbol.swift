/// A symbol of LZMA data.
package enum LZMASymbol: Sendable {
    case literal(UInt8)
    /// 2 to 273 bytes from `distance` back: 1 is the byte before, and 2^32 is LZMA's end marker.
    case match(distance: UInt64, length: Int)
    /// 2 to 273 bytes from one of the last four distances: 0 is the last one.
    case rep(Int, length: Int)
    /// One byte from the last distance.
    case shortRep

    /// The number of bytes that it decodes to.
    package var count: Int {
        switch self {
        case .literal, .shortRep: 1
        case .match(_, let length), .rep(_, let length): length
        }
    }
}
