/// A disk in several extents, one behind the other.
final class Concatenation: Source {
    /// An extent of the disk, and its name for errors.
    struct Part: Sendable {
        let source: ReferencedSource
        /// The start of the extent, in bytes from the start of the disk.
        let start: UInt64

        var end: UInt64 { start + source.source.size }
    }

    let size: UInt64

    private let parts: [Part]

    var decodingMemory: Int { parts.lazy.map(\.source.source.decodingMemory).max() ?? 0 }

    var cost: SourceCost { parts.lazy.map(\.source.source.cost).max() ?? .memory }

    /// The disk of `sources`, none of them empty. The caller has checked that the sum of their sizes does not overflow.
    init(_ sources: [ReferencedSource]) {
        var parts: [Part] = []
        var start: UInt64 = 0
        for source in sources {
            parts.append(Part(source: source, start: start))
            start += source.source.size
        }
        self.parts = parts
        size = start
    }

    /// The number of the part that `offset` lies in.
    private func index(of offset: UInt64) -> Int { parts.partitionPoint { $0.start > offset } - 1 }

    /// Runs `body` with the part that the start of `range` lies in, and the bytes of `range` that it has, in offsets of the part.
    /// Returns the result, and the start of the part on the disk.
    private func first<Result>(
        of range: Range<UInt64>, _ body: (any Source, Range<UInt64>) throws(ImageError) -> Result
    ) throws(ImageError) -> (result: Result, start: UInt64) {
        let part = parts[index(of: range.lowerBound)]
        let inside = range.clamped(to: part.start..<part.end).moved(from: part.start, to: 0)
        let result = try part.source.naming { () throws(ImageError) in try body(part.source.source, inside) }
        return (result, part.start)
    }

    func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        _ = try fill(&buffer, at: offset, mayWait: true)
    }

    func fillNow(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) -> Bool {
        try fill(&buffer, at: offset, mayWait: false)
    }

    private func fill(
        _ buffer: inout MutableSpan<UInt8>, at offset: UInt64, mayWait: Bool
    ) throws(ImageError) -> Bool {
        var done = 0
        while done < buffer.count {
            let position = offset + UInt64(done)
            let part = parts[index(of: position)]
            let count = Int(min(UInt64(buffer.count - done), part.end - position))
            let isHere = try part.source.naming { () throws(ImageError) in
                try buffer.withPart(count, at: done) { (bytes) throws(ImageError) in
                    try part.source.source.read(into: &bytes, at: position - part.start, mayWait: mayWait)
                }
            }
            guard isHere else { return false }
            done += count
        }
        return true
    }

    func extent(in range: Range<UInt64>) throws(ImageError) -> Extent {
        try extent(in: range, mayWait: true) ?? Extent(range, .data)
    }

    func extentNow(in range: Range<UInt64>) throws(ImageError) -> Extent? {
        try extent(in: range, mayWait: false)
    }

    private func extent(in range: Range<UInt64>, mayWait: Bool) throws(ImageError) -> Extent? {
        try Extent.joined(in: range) { (range) throws(ImageError) in
            let (found, start) = try first(of: range) { (source, inside) throws(ImageError) in
                try source.extent(in: inside, mayWait: mayWait)
            }
            return found?.moved(from: 0, to: start)
        }
    }

    func depth(in range: Range<UInt64>) throws(ImageError) -> Allocation {
        let (found, start) = try first(of: range) { (source, inside) throws(ImageError) in
            try source.depth(in: inside)
        }
        return found.moved(from: 0, to: start)
    }

    func prefetch(_ range: Range<UInt64>) throws(ImageError) {
        var position = range.lowerBound
        while position < range.upperBound {
            let (end, start) = try first(of: position..<range.upperBound) {
                (source, inside) throws(ImageError) in
                try source.prefetch(inside)
                return inside.upperBound
            }
            position = start + end
        }
    }
}
