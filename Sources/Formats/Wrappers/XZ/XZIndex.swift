/// The index of one stream: the sizes of its blocks (.xz file format, section 4).
struct XZIndex: Sendable {
    struct Record: Sendable {
        /// The length of the block without its padding, in bytes: header, data and check.
        var unpaddedSize: UInt64
        /// The decoded length of the block, in bytes.
        var uncompressedSize: UInt64

        /// The length of the whole block, in bytes.
        var paddedSize: UInt64 { (unpaddedSize + 3) & ~3 }
    }

    /// Section 4.3: a block has at least a header of 8 bytes less padding, and sizes stay below 2^63.
    private static let unpaddedSizes: ClosedRange<UInt64> = 5...UInt64(Int64.max) & ~3

    let records: [Record]

    /// The length of all blocks together, in bytes.
    let blocksSize: UInt64

    /// Reads the index that fills `range` of `source`. It may have at most `maximum` records.
    init(of source: any Source, _ range: Range<UInt64>, maximum: Int) throws(ImageError) {
        var reader = ByteReader(source, range)
        let indicator = try reader.next("index indicator")
        guard indicator == 0 else {
            throw ImageError(
                .corrupt, "index indicator at \(range.lowerBound) is \(hex(indicator)), expected 0x0")
        }
        let count = try Self.recordCount(&reader, range, maximum)
        var records: [Record] = []
        records.reserveCapacity(count)
        var total: UInt64 = 0
        for _ in 0..<count {
            let record = try Self.record(&reader)
            let (sum, overflow) = total.addingReportingOverflow(record.paddedSize)
            guard !overflow, sum <= range.lowerBound else {
                throw ImageError(
                    .corrupt,
                    "unpadded sizes of the index at \(range.lowerBound) add up to more than the file before it"
                )
            }
            total = sum
            records.append(record)
        }
        try Self.finish(&reader, range)
        self.records = records
        blocksSize = total
    }

    private static func recordCount(
        _ reader: inout ByteReader, _ range: Range<UInt64>, _ maximum: Int
    ) throws(ImageError) -> Int {
        let place = reader.position
        let count = try reader.variableLengthInteger("number of records")
        // A record takes 2 bytes at least.
        guard count <= (range.upperBound - range.lowerBound) / 2 else {
            throw ImageError(
                .corrupt,
                "number of records at \(place) is \(count), more than fit in the index of "
                    + "\(range.upperBound - range.lowerBound) bytes")
        }
        guard count <= UInt64(maximum) else {
            throw ImageError(
                .limit, "number of records at \(place) is \(count), expected \(maximum) at most")
        }
        return Int(count)
    }

    private static func record(_ reader: inout ByteReader) throws(ImageError) -> Record {
        let place = reader.position
        let unpadded = try reader.variableLengthInteger("unpadded size")
        guard unpaddedSizes.contains(unpadded) else {
            throw ImageError(
                .corrupt,
                "unpadded size at \(place) is \(unpadded), expected 5 to \(unpaddedSizes.upperBound)")
        }
        let uncompressed = try reader.variableLengthInteger("uncompressed size")
        return Record(unpaddedSize: unpadded, uncompressedSize: uncompressed)
    }

    /// Checks the end of the index: padding to a multiple of 4, and the CRC-32.
    private static func finish(_ reader: inout ByteReader, _ range: Range<UInt64>) throws(ImageError) {
        while (reader.position - range.lowerBound) % 4 != 0 {
            let place = reader.position
            let byte = try reader.next("index padding")
            guard byte == 0 else {
                throw ImageError(.corrupt, "index padding at \(place) is \(hex(byte)), expected 0x0")
            }
        }
        let place = reader.position
        guard place + 4 == range.upperBound else {
            throw ImageError(
                .corrupt,
                "the index ends at \(place), where the backward size in the footer says "
                    + "\(range.upperBound - min(4, range.upperBound))")
        }
        let computed = reader.crc32()
        var stored: UInt32 = 0
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            stored |= UInt32(try reader.next("index CRC32")) << shift
        }
        guard stored == computed else {
            throw ImageError(
                .corrupt, "index CRC32 at \(place) is \(hex(stored)), the bytes give \(hex(computed))")
        }
    }
}
