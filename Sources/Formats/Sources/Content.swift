/// What a layer has in a range: the answer from which reads, extents and the rest follow.
package struct Content: Sendable {
    /// The place of the bytes.
    package enum Kind: Sendable {
        /// Zeroes for which no space is set aside.
        case hole
        /// Zeroes for which space is set aside.
        case zero
        /// Bytes of a base, from an offset on.
        case base(Base, at: UInt64)
        /// Bytes that the layer has decoded, from an index on. None if they are only described.
        case decoded([UInt8], from: Int)
    }

    /// The range, in bytes from the start of the layer; never empty.
    package var range: Range<UInt64>
    package var kind: Kind

    /// The number of the image that says so, as in `Allocation`. If the bytes are a base's, the base tells it.
    package var depth: Int

    package init(_ range: Range<UInt64>, _ kind: Kind, depth: Int = 1) {
        self.range = range
        self.kind = kind
        self.depth = depth
    }

    /// Data that is only described.
    package static func data(_ range: Range<UInt64>) -> Content { Content(range, .decoded([], from: 0)) }
}
