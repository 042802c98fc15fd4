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
    }

    private static let maximumReaders = 128
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
            readers.insert(
                Reader(start: range.lowerBound, next: range.upperBound, run: count), at: 0)
            if readers.count > Self.maximumReaders { readers.removeLast() }
            return false
        }
        var reader = readers[index]
        reader.next = max(reader.next, range.upperBound)
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
        // Of many who jump about, some come near each other; but they leave out nearly all that lies between. Who reads on may
        // leave out holes.
        return reader.run >= Self.threshold && reader.run >= (reader.next - reader.start) / 16
    }
}

extension SequentialReaders.Reader {
    fileprivate func isNear(_ offset: UInt64, _ slack: UInt64) -> Bool {
        offset >= next ? offset - next <= slack : next - offset <= slack
    }
}
