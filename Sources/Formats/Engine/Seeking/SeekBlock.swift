/// A block whose header has been read.
enum SeekBlock {
    /// Decoding can start at checkpoints inside it.
    case seekable(any SeekableBlock)
    /// Decoding can start at its start only.
    case sequential(any SequentialBlock)
}
