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
        let part = part(at: range.lowerBound)
        return Content(
            range.clamped(to: part.start..<part.end), .base(part.base, at: range.lowerBound - part.start))
    }

    func decodingTime(at offset: UInt64?) -> UInt64 {
        guard let offset, offset < size else { return parts.map { $0.base.decodingTime(at: nil) }.max() ?? 0 }
        let part = part(at: offset)
        return part.base.decodingTime(at: offset - part.start)
    }

    /// The part that the byte at `offset` lies in.
    private func part(at offset: UInt64) -> Part { parts[parts.partitionPoint { $0.start > offset } - 1] }
}

/// The bytes of `source`, followed by zeroes up to a multiple of `unit` bytes.
package func roundedUp(_ source: any Source, to unit: UInt64) -> any Source {
    let rest = source.size % unit
    return rest == 0 ? source : zeroPadded(source, to: source.size + unit - rest)
}

/// `source`, with zeroes behind its end up to `size` bytes, if that is more than it has.
package func zeroPadded(_ source: any Source, to size: UInt64) -> any Source {
    guard source.size < size else { return source }
    let zeroes = Base(ZeroSource(size: size - source.size), .part)
    return Concatenation(source.size == 0 ? [zeroes] : [Base(source, .part), zeroes])
}
