/// What the detail of a span keeps as the state of an xz decoder: the check of the block so far, and LZMA2's checkpoint.
struct XZSpanState: Equatable {
    /// The check over the block up to the span, as it would be stored; empty where there is none that can go on.
    var check: [UInt8]
    var lzma2: LZMA2Checkpoint

    private static let maximumCheck = 8

    /// As it stands in seek indexes (docs/seek-index.md, "State").
    var bytes: [UInt8] { [UInt8(check.count)] + check + lzma2.bytes }

    init(check: [UInt8], lzma2: LZMA2Checkpoint) {
        self.check = check.count <= Self.maximumCheck ? check : []
        self.lzma2 = lzma2
    }

    /// The state that `bytes` hold; throws `corrupt` where they cannot.
    init(_ bytes: [UInt8]) throws(ImageError) {
        guard let count = bytes.first.map(Int.init), count <= Self.maximumCheck, count < bytes.count else {
            throw ImageError(.corrupt, "the state of a span has \(bytes.count) bytes, which hold no check")
        }
        check = Array(bytes[1..<count + 1])
        lzma2 = try LZMA2Checkpoint(Array(bytes[(count + 1)...]))
    }
}
