/// The checkpoint that decoding of a span starts from.
struct SpanStart {
    let span: SeekSpan
    /// The state of the decoder, in the form of its format.
    let state: [UInt8]
    /// The bytes before the span.
    let window: CheckpointWindow

    /// The checkpoint of `span`, whose detail has the state `stored`.
    ///
    /// Throws `corrupt` if that is the state of another span.
    init(of span: SeekSpan, _ stored: [UInt8], _ window: CheckpointWindow) throws(ImageError) {
        let start: UInt64 = try Fields(stored, at: 0).little("start of a span's state", at: 0)
        guard start == span.range.lowerBound else {
            throw ImageError(
                .corrupt,
                "the state of the span at \(span.range.lowerBound) is of one that starts at \(start)")
        }
        self.span = span
        state = Array(stored.dropFirst(MemoryLayout<UInt64>.size))
        self.window = window
    }

    /// The form in which details keep the `state` of a decoder at `start` of the layer: the start comes first. Without it, a span with
    /// a wrong start in the index would decode to pieces that have the right hashes, but are in the wrong place.
    static func stored(_ state: [UInt8], at start: UInt64) -> [UInt8] {
        var stored: [UInt8] = []
        stored.append(little: start)
        return stored + state
    }
}
