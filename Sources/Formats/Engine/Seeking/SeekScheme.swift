/// A compressed file as the seekable engine sees it: its blocks, and how to decode them.
///
/// A *block* decodes without what comes before it in the file. What it decodes to lies behind what the block before it
/// decodes to, without a gap.
protocol SeekScheme: Sendable {
    /// The name of the format, which the paths of errors start with.
    var name: String { get }

    /// The compressed file.
    var base: any Source { get }

    /// The length of the decoded data, in bytes.
    var size: UInt64 { get }

    /// The number of blocks.
    var blockCount: Int { get }

    /// The block that holds the byte at `offset`, which is less than `size`.
    func block(at offset: UInt64) -> Int

    /// The range of `block` in the decoded data, in bytes.
    func range(of block: Int) -> Range<UInt64>

    /// The range of `block` in the file, in bytes. Never empty unless the block decodes to nothing.
    func input(of block: Int) -> Range<UInt64>

    /// The name of `block` in the paths of errors. Nil if there is only one, and no need for a name.
    func title(of block: Int) -> String?

    /// True if the end of `block` is there, with a check of all of it.
    func hasCheck(_ block: Int) -> Bool

    /// The model of the time that decoding takes.
    var cost: DecodeCost { get }

    /// True if the first block decodes from its start only. That usually holds for all others, too.
    var startsWithSequentialBlock: Bool { get }

    /// The most memory in bytes that a pass over the first block takes, if no decoder takes more than `limit`. Usually that
    /// of all others, too.
    func passMemory(limit: Int) -> Int

    /// The parts of `block` that all of its decoders share, such as its header. No decoder may take more than
    /// `memoryLimit` bytes.
    ///
    /// Throws `corrupt` or `unsupported` if it cannot be decoded.
    func open(_ block: Int, memoryLimit: Int) throws(ImageError) -> SeekBlock

    /// Bytes that tell the file from others of the same size. Part of its fingerprint.
    ///
    /// Throws the errors of reading the file.
    func digest() throws(ImageError) -> [UInt8]
}

/// A block whose header has been read.
enum SeekBlock {
    /// Decoding can start at checkpoints inside it.
    case seekable(any SeekableBlock)
    /// Decoding can start at its start only.
    case sequential(any SequentialBlock)
}

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

/// The checkpoint that decoding of a span starts from.
struct SpanStart {
    var span: SeekSpan
    /// The state of the decoder, in the form of its format.
    var state: [UInt8]
    /// The bytes before the span.
    var window: CheckpointWindow
}

/// A block that decodes from its start only.
protocol SequentialBlock {
    /// The most memory in bytes that its decoder takes.
    var decoderMemory: Int { get }

    /// Creates a decoder.
    ///
    /// Throws `limit` if it would take too much memory.
    func decoder() throws(ImageError) -> any SequentialDecoder
}

/// A decoder of a whole block, piece by piece, that checks it at its end. It can be parked between two pieces.
protocol SequentialDecoder: DecodedCache.Parked {
    /// True if the whole block has been decoded and checked.
    var isFinished: Bool { get }

    /// Decodes the next piece, of `SeekSpan.pieceSize` bytes unless it is the last. With the last one, checks everything that
    /// can be checked.
    ///
    /// Throws `corrupt` if the data is not what it should be.
    func decodePiece() throws(ImageError) -> [UInt8]
}
