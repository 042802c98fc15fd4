/// Tells who reads on and on from who jumps about, so that decoding runs ahead
/// for the first only.
///
/// Several readers may be at work at once, such as the connections of one
/// copying client, each with requests that arrive a little out of order.
package struct SequentialReaders: Sendable {
    fileprivate struct Reader {
        /// Where it began, and the end of what it has read, in bytes.
        var start: UInt64
        var next: UInt64
        /// How much it has read since, in bytes.
        var run: UInt64
        /// The number of its last read, among those of all readers.
        var lastRead: UInt64

        /// Of many who jump about, some come near each other; but they leave out nearly all that lies between. Who reads on may leave
        /// out holes.
        var isSequential: Bool {
            run >= SequentialReaders.threshold && run >= (next - start) / 16
                || run >= SequentialReaders.denseThreshold && run >= (next - start) / 2
        }
    }

    private static let maximumReaders = 128
    /// How far from the expected offset a read may lie and still belong to its reader.
    private static let slack: UInt64 = 8 << 20
    /// How much must have been read in sequence before it counts as such.
    fileprivate static let threshold: UInt64 = 1 << 20
    /// The same if next to nothing was left out: two of the requests of clients that copy.
    fileprivate static let denseThreshold: UInt64 = 512 << 10
    /// How much must have been read in sequence before it may count as such at the next read: half of what the kernel
    /// reads ahead at least.
    private static let largeRead: UInt64 = 64 << 10

    /// A reader that has not come for so many reads of all is not reckoned with any more.
    private static let patience: UInt64 = 1024

    /// Latest first.
    private var readers: [Reader] = []
    private var reads: UInt64 = 0

    package init() {}

    /// Notes a read of `range`; true when it goes on with a sequence.
    package mutating func isSequential(_ range: Range<UInt64>) -> Bool {
        let count = range.upperBound - range.lowerBound
        reads += 1
        guard let index = readers.firstIndex(where: { $0.isNear(range.lowerBound, Self.slack) }) else {
            readers.insert(
                Reader(start: range.lowerBound, next: range.upperBound, run: count, lastRead: reads), at: 0)
            if readers.count > Self.maximumReaders { readers.removeLast() }
            return false
        }
        var reader = readers[index]
        reader.next = max(reader.next, range.upperBound)
        reader.lastRead = reads
        // Requests may come out of order; but who reads backwards does not read on, and reading the same place again is no progress.
        if range.lowerBound >= reader.start {
            reader.run = min(
                reader.run.addingReportingOverflow(count).partialValue, reader.next - reader.start)
        }
        if index > 0 {
            readers.remove(at: index)
            readers.insert(reader, at: 0)
        } else {
            readers[0] = reader
        }
        return reader.isSequential
    }

    /// The place where another sequential reader began, the first behind `offset`; nil if none did.
    ///
    /// What lies behind it was read from there on already: who reads up to it is not likely to read on.
    package func start(behind offset: UInt64) -> UInt64? {
        readers.lazy.filter { $0.start > offset && $0.isSequential && reads - $0.lastRead < Self.patience }
            .map(\.start).min()
    }
}

extension SequentialReaders {
    /// True if a reader that has read a large part is still before `offset`, or has passed it by little.
    package func mayReadOn(to offset: UInt64) -> Bool {
        readers.contains { $0.run >= Self.largeRead && $0.isNear(offset, Self.slack) }
    }
}

extension SequentialReaders.Reader {
    fileprivate func isNear(_ offset: UInt64, _ slack: UInt64) -> Bool {
        offset >= next ? offset - next <= slack : next - offset <= slack
    }
}
