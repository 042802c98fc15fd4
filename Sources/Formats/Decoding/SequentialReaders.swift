/// Tells who reads on and on from who jumps about, so that decoding runs ahead
/// for the first only.
///
/// Several readers may be at work at once, such as the connections of one
/// copying client, each with requests that arrive a little out of order.
package struct SequentialReaders: Sendable {
    fileprivate struct Reader {
        /// The end of what it has read, in bytes.
        var next: UInt64
        /// How much it has read in sequence, in bytes.
        var run: UInt64
    }

    private static let maximumReaders = 16
    /// How far from the expected offset a read may lie and still belong to its reader.
    private static let slack: UInt64 = 8 << 20
    /// How much must have been read in sequence before it counts as such.
    private static let threshold: UInt64 = 1 << 20

    /// Latest first.
    private var readers: [Reader] = []

    package init() {}

    /// Notes a read of `range`; true when it goes on with a sequence.
    package mutating func isSequential(_ range: Range<UInt64>) -> Bool {
        let count = range.upperBound - range.lowerBound
        guard let index = readers.firstIndex(where: { $0.isNear(range.lowerBound, Self.slack) }) else {
            readers.insert(Reader(next: range.upperBound, run: count), at: 0)
            if readers.count > Self.maximumReaders { readers.removeLast() }
            return false
        }
        var reader = readers.remove(at: index)
        // Reading the same place again is no progress.
        if range.upperBound > reader.next {
            reader.run = reader.run.addingReportingOverflow(count).partialValue
            reader.next = range.upperBound
        }
        readers.insert(reader, at: 0)
        return reader.run >= Self.threshold
    }
}

extension SequentialReaders.Reader {
    fileprivate func isNear(_ offset: UInt64, _ slack: UInt64) -> Bool {
        offset >= next ? offset - next <= slack : next - offset <= slack
    }
}
