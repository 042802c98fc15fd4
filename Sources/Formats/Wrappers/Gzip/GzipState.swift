/// The state of a gzip decoder in the detail of a span: the checkpoint in the deflate stream, and the check of the member so far.
struct GzipState: Equatable {
    /// The position of the header of the deflate block, in bits from the start of the file.
    var blockHeader: UInt64
    /// The position of the next symbol, in bits from the start of the file.
    var bit: UInt64
    /// The number of bytes before the span that matches may refer to: up to 32 KiB.
    var history: UInt32
    /// The CRC-32 of the member so far.
    var crc: UInt32
    /// The number of bytes of the member so far.
    var count: UInt64
    /// The number of members before whose check is wrong. Only what was decoded in spite of that has any.
    var failures: UInt32

    /// The length of the stored form, in bytes.
    private static let size = 36

    /// The form stored in seek indexes (docs/seek-index.md, "State, kind 3").
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(little: blockHeader)
        bytes.append(little: bit)
        bytes.append(little: history)
        bytes.append(little: crc)
        bytes.append(little: count)
        bytes.append(little: failures)
        return bytes
    }

    init(
        blockHeader: UInt64, bit: UInt64, history: Int, crc: UInt32, count: UInt64,
        failures: Int
    ) {
        self.blockHeader = blockHeader
        self.bit = bit
        self.history = UInt32(history)
        self.crc = crc
        self.count = count
        self.failures = UInt32(clamping: failures)
    }

    /// Reads the state of a span from `bytes`. Throws `corrupt` if their number is wrong.
    init(_ bytes: [UInt8]) throws(ImageError) {
        guard bytes.count == Self.size else {
            throw ImageError(.corrupt, "the state of a span has \(bytes.count) bytes, expected \(Self.size)")
        }
        let fields = Fields(bytes, at: 0)
        blockHeader = try fields.little("block header of a span's state", at: 0)
        bit = try fields.little("bit of a span's state", at: 8)
        history = try fields.little("history of a span's state", at: 16)
        crc = try fields.little("CRC of a span's state", at: 20)
        count = try fields.little("length of the member in a span's state", at: 24)
        failures = try fields.little("wrong checks in a span's state", at: 32)
    }
}
