/// A stretch of a disk that is the same kind throughout.
public struct Extent: Equatable, Sendable {
    /// What a stretch holds.
    public enum Kind: Equatable, Sendable {
        /// Data, or not known to be anything else.
        case data
        /// Reads as zeroes; space is set aside for it.
        case zero
        /// Reads as zeroes; no space is set aside for it.
        case hole
    }

    /// Where it lies, in bytes from the start of the disk; never empty.
    public var range: Range<UInt64>

    /// What it holds.
    public var kind: Kind

    /// A stretch of `kind` over `range`.
    public init(_ range: Range<UInt64>, _ kind: Kind) {
        self.range = range
        self.kind = kind
    }
}
