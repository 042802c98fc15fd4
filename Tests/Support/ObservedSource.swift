import Synchronization
package import VitrineFormats

/// A source of bytes in memory that counts reads, and fails if told to.
package final class ObservedSource: Source {
    private let content: [UInt8]
    private let holes: [Range<UInt64>]
    private let failing: Range<UInt64>?
    private let isHot: Bool

    private let readCount = Atomic<Int>(0)
    private let readCalls = Atomic<Int>(0)
    private let prefetches = Mutex<[Range<UInt64>]>([])

    /// The number of bytes read so far.
    package var bytesRead: Int { readCount.load(ordering: .relaxed) }
    /// The number of reads so far.
    package var reads: Int { readCalls.load(ordering: .relaxed) }
    /// The ranges for which `prefetch` was called.
    package var prefetched: [Range<UInt64>] { prefetches.withLock { $0 } }

    package var size: UInt64 { UInt64(content.count) }

    /// Creates a source of `content`. It reports `holes` as holes, reads that touch `failing` throw, and `isHot` tells
    /// if reads can be answered at once.
    package init(
        _ content: [UInt8], holes: [Range<UInt64>] = [], failing: Range<UInt64>? = nil, isHot: Bool = true
    ) {
        self.content = content
        self.holes = holes
        self.failing = failing
        self.isHot = isHot
    }

    package func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        if let failing, failing.overlaps(offset..<offset + UInt64(buffer.count)) {
            throw ImageError(.corrupt, "bytes \(failing.lowerBound) to \(failing.upperBound) are bad")
        }
        readCount.add(buffer.count, ordering: .relaxed)
        readCalls.add(1, ordering: .relaxed)
        buffer.copy(content, from: Int(offset), count: buffer.count, to: 0)
    }

    package func fillNow(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) -> Bool {
        guard isHot else { return false }
        try fill(&buffer, at: offset)
        return true
    }

    package func extent(in range: Range<UInt64>, mayWait: Bool) throws(ImageError) -> Extent? {
        guard isHot || mayWait else { return nil }
        for hole in holes.sorted(by: { $0.lowerBound < $1.lowerBound }) where hole.overlaps(range) {
            return hole.lowerBound <= range.lowerBound
                ? Extent(range.lowerBound..<min(hole.upperBound, range.upperBound), .hole)
                : Extent(range.lowerBound..<hole.lowerBound, .data)
        }
        return Extent(range, .data)
    }

    package func prefetch(_ range: Range<UInt64>) throws(ImageError) {
        prefetches.withLock { $0.append(range) }
    }
}
