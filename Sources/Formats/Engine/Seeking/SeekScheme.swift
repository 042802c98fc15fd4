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

extension SeekScheme {
    /// An estimate of the time to decode all of `block`, in nanoseconds.
    func decodingTime(of block: Int) -> UInt64 {
        let (input, range) = (input(of: block), range(of: block))
        return cost.nanoseconds(
            input: input.upperBound - input.lowerBound, output: range.upperBound - range.lowerBound)
    }
}
