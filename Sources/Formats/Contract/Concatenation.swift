/// A disk in several extents, one behind the other.
final class Concatenation: MappedSource {
    /// An extent of the disk.
    private struct Part: Sendable {
        let base: Base
        /// The start of the extent, in bytes from the start of the disk.
        let start: UInt64

        var end: UInt64 { start + base.size }
    }

    let size: UInt64

    private let parts: [Part]

    var bases: [Base] { parts.map(\.base) }

    /// The disk of `bases`, none of them empty. The caller has checked that the sum of their sizes does not overflow.
    init(_ bases: [Base]) {
        var parts: [Part] = []
        var start: UInt64 = 0
        for base in bases {
            parts.append(Part(base: base, start: start))
            start += base.size
        }
        self.parts = parts
        size = start
    }

    func content(in range: Range<UInt64>, for purpose: Purpose) -> Content? {
        let part = parts[parts.partitionPoint { $0.start > range.lowerBound } - 1]
        return Content(
            range.clamped(to: part.start..<part.end), .base(part.base, at: range.lowerBound - part.start))
    }
}

/// The bytes of `source`, followed by zeroes up to a multiple of `unit` bytes.
package func roundedUp(_ source: any Source, to unit: UInt64) -> any Source {
    let rest = source.size % unit
    guard rest != 0 else { return source }
    let zeroes = Base(ZeroSource(size: unit - rest), .part)
    return Concatenation(source.size == 0 ? [zeroes] : [Base(source, .part), zeroes])
}
