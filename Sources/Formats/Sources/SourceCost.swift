/// The dearest thing that reading a source may take, from cheap to dear.
package enum SourceCost: Comparable, Sendable {
    /// Memory.
    case memory
    /// A local file or device.
    case file
    /// Requests over a network.
    case network
    /// Decoding, of more than is read.
    case decoding

    /// True if many places may be looked at just to describe an image, or to check it.
    package var isLow: Bool { self <= .file }
}
