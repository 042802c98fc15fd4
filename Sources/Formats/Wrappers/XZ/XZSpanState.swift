/// The state of an xz decoder in the detail of a span: the check of the block so far, and LZMA2's checkpoint.
struct XZSpanState: Equatable {
    /// The check over the block up to the span, in its stored form. Empty if there is none that can continue.
    var check: [UInt8]
    var lzma2: LZMA2Checkpoint

    private static let maximumCheck = 8

    /// The form stored in seek indexes (docs/seek-index.md, "State").
    var bytes: [UInt8] {
        [UInt8(check.count)] + check + lzma2.bytes
    }

    init(check: [UInt8], lzma2: LZMA2Checkpoint) {
        self.check = check.count <= Self.maximumCheck ? check : []
        self.lzma2 = lzma2
    }

    /// Reads the state of a span from `bytes`. Throws `corrupt` if they are invalid.
    init(_ bytes: [UInt8]) throws(ImageError) {
        guard let count = bytes.first.map(Int.init), count <= Self.maximumCheck, count < bytes.count else {
            throw ImageError(.corrupt, "the state of a span has \(bytes.count) bytes, which hold no check")
        }
        check = Array(bytes.dropFirst().prefix(count))
        lzma2 = try LZMA2Checkpoint(Array(bytes.dropFirst(count + 1)))
    }
}
