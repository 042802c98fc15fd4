/// A source that maps each of its ranges to zeroes, to a range of another source, or to bytes that it decodes.
///
/// It answers one question. Reads, extents, depths and prefetching follow from the answers, here.
package protocol MappedSource: Source {
    /// The sources that it maps ranges to.
    var bases: [Base] { get }

    /// The most bytes that are described at once: more might take very many steps.
    var longestAnswer: UInt64 { get }

    /// The content at the start of `range`, as long as it is of one kind, and clipped to `range`.
    ///
    /// Nil if the answer takes waiting, and `purpose` does not allow that. Throws if the content cannot be told, or not be read if
    /// `purpose` is to read. `range` lies inside `0 ..< size` and is not empty.
    func content(in range: Range<UInt64>, for purpose: Purpose) throws(ImageError) -> Content?
}

extension MappedSource {
    package var longestAnswer: UInt64 { .max }

    package var decodingMemory: Int { bases.lazy.map(\.source.decodingMemory).max() ?? 0 }

    package var cost: SourceCost { bases.lazy.map(\.source.cost).max() ?? .memory }

    // The place in the base may be told by tables, which would have to be decoded too.
    package func decodingTime(at offset: UInt64?) -> UInt64 {
        bases.lazy.map { $0.source.decodingTime(at: nil) }.max() ?? 0
    }

    package func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        _ = try fill(&buffer, at: offset, for: .reading)
    }

    package func fillNow(
        _ buffer: inout MutableSpan<UInt8>, at offset: UInt64
    ) throws(ImageError) -> Bool {
        try fill(&buffer, at: offset, for: .readingNow)
    }

    /// Fills all of `buffer` from `offset`. Returns false if that takes waiting, and `purpose` does not allow it.
    func fill(
        _ buffer: inout MutableSpan<UInt8>, at offset: UInt64, for purpose: Purpose
    ) throws(ImageError) -> Bool {
        let end = offset + UInt64(buffer.count)
        var position = offset
        while position < end {
            guard let content = try content(in: position..<end, for: purpose) else { return false }
            let index = Int(position - offset)
            let count = Int(content.range.upperBound - position)
            switch content.kind {
            case .hole, .zero:
                buffer.fillZeroes(count, at: index)
            case .base(let base, let place):
                let isHere = try base.read(count, into: &buffer, index, at: place, mayWait: purpose.mayWait)
                guard isHere else { return false }
            case .decoded(let bytes, let first):
                buffer.copy(bytes, from: first, count: count, to: index)
            }
            position = content.range.upperBound
        }
        return true
    }

    package func extent(in range: Range<UInt64>, mayWait: Bool) throws(ImageError) -> Extent? {
        try Extent.joined(in: range.first(longestAnswer)) { (range) throws(ImageError) in
            let content = try content(in: range, for: mayWait ? .describing : .describingNow)
            guard let content else { return nil }
            switch content.kind {
            case .hole: return Extent(content.range, .hole)
            case .zero: return Extent(content.range, .zero)
            case .decoded: return Extent(content.range, .data)
            case .base(let base, let place):
                return try base.extent(in: content.range.moved(to: place), mayWait: mayWait)?
                    .moved(from: place, to: content.range.lowerBound)
            }
        }
    }

    package func depth(in range: Range<UInt64>) throws(ImageError) -> Allocation {
        let found = try Allocation.joined(in: range.first(longestAnswer)) { (range) throws(ImageError) in
            guard let content = try content(in: range, for: .describing) else { return nil }
            guard case .base(let base, let place) = content.kind else {
                return Allocation(content.range, depth: content.depth)
            }
            return try base.depth(in: content.range.moved(to: place))
                .moved(from: place, to: content.range.lowerBound)
        }
        return found ?? Allocation(range, depth: 1)
    }

    package func prefetch(_ range: Range<UInt64>) throws(ImageError) {
        try prefetchContent(of: range)
    }

    /// Makes later reads of `range` cheap, one content after the other.
    func prefetchContent(of range: Range<UInt64>) throws(ImageError) {
        var rest = range
        while !rest.isEmpty, let content = try content(in: rest, for: .readingAhead) {
            if case .base(let base, let place) = content.kind {
                try base.prefetch(content.range.moved(to: place))
            }
            rest = content.range.upperBound..<rest.upperBound
        }
    }
}
