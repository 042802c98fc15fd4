/// A block in which decoding can start at checkpoints.
protocol SeekableBlock {
    /// The largest distance, in bytes, from which its decoder copies what it has decoded before.
    var windowSize: UInt64 { get }

    /// The most memory in bytes that a decoder of any part of it takes.
    var decoderMemory: Int { get }

    /// The most memory in bytes that a decoder takes that records checkpoints.
    var passMemory: Int { get }

    /// A decoder that records checkpoints and computes checks. Starts at `start`, or at the block's start if that is nil.
    ///
    /// Throws `limit` if it would take too much memory, and `corrupt` if `start` is impossible.
    func passDecoder(from start: SpanStart?) throws(ImageError) -> any SeekDecoder

    /// A decoder of a span, from `start` on, or from the block's start if that is nil.
    ///
    /// Throws the same as `passDecoder`.
    func decoder(from start: SpanStart?) throws(ImageError) -> any SeekDecoder
}
