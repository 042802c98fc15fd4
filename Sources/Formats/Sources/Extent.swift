/// A range of a disk that is of the same kind throughout.
public struct Extent: Equatable, Sendable {
    /// The kind of content of a range.
    public enum Kind: Equatable, Sendable {
        /// Data, or not known to be anything else.
        case data
        /// Reads as zeroes; space is set aside for it.
        case zero
        /// Reads as zeroes; no space is set aside for it.
        case hole
    }

    /// The range, in bytes from the start of the disk; never empty.
    public var range: Range<UInt64>

    /// The kind of its content.
    public var kind: Kind

    /// An extent of `kind` over `range`.
    public init(_ range: Range<UInt64>, _ kind: Kind) {
        self.range = range
        self.kind = kind
    }
}
