/// A decoder that can start at a checkpoint, and record others. It decodes a chunk at a time.
///
/// Not thread-safe: one thread at a time.
protocol SeekDecoder: AnyObject {
    /// The memory in bytes that it takes.
    var memory: Int { get }

    /// The number of bytes decoded since it was made.
    var decoded: UInt64 { get }

    /// The offset in the file of what it decodes next, in bytes.
    var inputOffset: UInt64 { get }

    /// The number of bytes decoded and not taken.
    var available: Int { get }

    /// Decodes the next chunk. Returns false if the data ends instead. What was decoded before must have been taken.
    ///
    /// Throws `corrupt` if the data is damaged, and the errors of reading the file.
    func decodeChunk() throws(ImageError) -> Bool

    /// Skips up to `limit` decoded bytes if all of them are zero. Returns their number, or 0 if they are not.
    func skipZeroes(_ limit: Int) -> Int

    /// Moves up to `limit` decoded bytes to `output`, at most as many as it has room for.
    func take(_ limit: Int, into output: inout OutputSpan<UInt8>)

    /// Starts to record a checkpoint between two chunks. Returns its state, in the form of the format. Nil if the data ends here.
    func beginCheckpoint() throws(ImageError) -> [UInt8]?

    /// The approximate number of bytes before the checkpoint that have been read since.
    var recordedBytes: Int { get }

    /// Ends the recording. Returns the bytes before the checkpoint that were read since.
    func endCheckpoint() -> SparseWindow

    /// Takes `piece`, which has just been taken from it, into the check of the block.
    func check(_ piece: Piece)

    /// Texts that the user should know about what it has decoded so far.
    var warnings: [String] { get }

    /// Checks that the data ends here, and what follows it.
    ///
    /// Throws `corrupt` if not, or if a check fails.
    func finish() throws(ImageError)
}

extension SeekDecoder {
    var warnings: [String] { [] }
}
