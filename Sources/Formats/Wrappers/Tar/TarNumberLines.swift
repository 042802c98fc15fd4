/// Reads decimal numbers, one per line, as in the sparse map of form 1.0 (GNU tar manual, "PAX Format, Version 1.0").
struct TarNumberLines {
    private let range: Range<UInt64>
    /// Reads the part of the range that the archive has.
    private var reader: ByteReader

    /// Reads lines from the start of `range` on, which starts inside `source`.
    init(_ source: any Source, _ range: Range<UInt64>) {
        self.range = range
        reader = ByteReader(source, range.clamped(to: 0..<source.size))
    }

    /// The end of the block in which the last line ends. At most the end of the range.
    var endOfBlock: UInt64 {
        let block = UInt64(TarHeader.blockSize)
        let length = reader.position - range.lowerBound
        let blocks = length / block + (length % block == 0 ? 0 : 1)
        return min(range.lowerBound + blocks * block, range.upperBound)
    }

    /// Reads the number on the next line. `field` names it in errors.
    mutating func next(_ field: StaticString) throws(ImageError) -> UInt64 {
        let start = reader.position
        var digits: [UInt8] = []
        while let byte = try nextByte(), byte != UInt8(ascii: "\n"), digits.count < 20 { digits.append(byte) }
        guard let number = PaxRecords.decimal(digits[...]) else {
            throw ImageError(
                .corrupt, "\(field) at \(start) is \"\(printable(digits))\", expected a number below 2^63")
        }
        return number
    }

    private mutating func nextByte() throws(ImageError) -> UInt8? {
        if reader.hasMore { return try reader.next("sparse map") }
        let end = reader.position
        guard end < range.upperBound else { return nil }
        throw ImageError(
            .corrupt,
            "the sparse map at \(range.lowerBound) goes on at \(end), but the end is at \(end): the archive is cut "
                + "short")
    }
}
