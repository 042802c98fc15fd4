/// The state of an xz decoder in the detail of a span: the span's start, the check of the block so far, and LZMA2's
/// checkpoint.
struct XZSpanState: Equatable {
    /// The start of the span, in bytes from the start of the layer. Without it, a span with a wrong start in the index
    /// would decode to pieces that have the right hashes, but are in the wrong place.
    var start: UInt64
    /// The check over the block up to the span, in its stored form. Empty if there is none that can continue.
    var check: [UInt8]
    var lzma2: LZMA2Checkpoint

    private static let maximumCheck = 8

    /// The form stored in seek indexes (docs/seek-index.md, "State").
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(little: start)
        bytes.append(UInt8(check.count))
        return bytes + check + lzma2.bytes
    }

    init(start: UInt64, check: [UInt8], lzma2: LZMA2Checkpoint) {
        self.start = start
        self.check = check.count <= Self.maximumCheck ? check : []
        self.lzma2 = lzma2
    }

    /// Reads the state of a span that starts at `start` from `bytes`. Throws `corrupt` if they are invalid, or of
    /// another span.
    init(_ bytes: [UInt8], at start: UInt64) throws(ImageError) {
        self.start = try Fields(bytes, at: 0).little("start of a span's state", at: 0)
        guard self.start == start else {
            throw ImageError(
                .corrupt, "the state of the span at \(start) is of one that starts at \(self.start)")
        }
        let rest = bytes[8...]
        guard let count = rest.first.map(Int.init), count <= Self.maximumCheck, count < rest.count else {
            throw ImageError(.corrupt, "the state of a span has \(bytes.count) bytes, which hold no check")
        }
        check = Array(rest.dropFirst().prefix(count))
        lzma2 = try LZMA2Checkpoint(Array(rest.dropFirst(count + 1)))
    }
}
