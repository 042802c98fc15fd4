/// Reads decimal numbers, one per line, as in the sparse map of form 1.0 (GNU tar manual, "PAX Format, Version 1.0").
struct TarNumberLines {
    private static let windowSize: UInt64 = 16 << 10

    private let source: any Source
    private let range: Range<UInt64>
    /// The offset of the next line in the archive, in bytes.
    private var position: UInt64
    private var window: [UInt8] = []
    private var windowStart: UInt64

    /// Reads lines from the start of `range` on, which starts inside `source`.
    init(_ source: any Source, _ range: Range<UInt64>) {
        self.source = source
        self.range = range
        position = range.lowerBound
        windowStart = range.lowerBound
    }

    /// The end of the block in which the last line ends. At most the end of the range.
    var endOfBlock: UInt64 {
        let block = UInt64(TarHeader.blockSize)
        let blocks =
            (position - range.lowerBound) / block + ((position - range.lowerBound) % block == 0 ? 0 : 1)
        return min(range.lowerBound + blocks * block, range.upperBound)
    }

    /// Reads the number on the next line. `field` names it in errors.
    mutating func next(_ field: StaticString) throws(ImageError) -> UInt64 {
        let start = position
        var digits: [UInt8] = []
        while let byte = try nextByte(), byte != UInt8(ascii: "\n"), digits.count < 20 { digits.append(byte) }
        guard let number = PaxRecords.decimal(digits[...]) else {
            throw ImageError(
                .corrupt, "\(field) at \(start) is \"\(printable(digits))\", expected a number below 2^63")
        }
        return number
    }

    private mutating func nextByte() throws(ImageError) -> UInt8? {
        guard position < range.upperBound else { return nil }
        if position - windowStart >= UInt64(window.count) {
            guard position < source.size else {
                throw ImageError(
                    .corrupt,
                    "the sparse map at \(range.lowerBound) goes on at \(position), but the end is at \(source.size): "
                        + "the archive is cut short")
            }
            let end = min(range.upperBound, source.size)
            window = try source.bytes(at: position, count: Int(min(Self.windowSize, end - position)))
            windowStart = position
        }
        defer { position += 1 }
        return window[Int(position - windowStart)]
    }
}
