/// The checkpoint that decoding of a span starts from.
struct SpanStart {
    var span: SeekSpan
    /// The state of the decoder, in the form of its format.
    var state: [UInt8]
    /// The bytes before the span.
    var window: CheckpointWindow
}
