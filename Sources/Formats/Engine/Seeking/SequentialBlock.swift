/// A block that decodes from its start only.
protocol SequentialBlock {
    /// The most memory in bytes that its decoder takes.
    var decoderMemory: Int { get }

    /// Creates a decoder.
    ///
    /// Throws `limit` if it would take too much memory.
    func decoder() throws(ImageError) -> any SequentialDecoder
}
