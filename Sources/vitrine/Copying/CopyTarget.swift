/// A target that a disk is copied to. Thread-safe.
protocol CopyTarget: Sendable {
    /// True if everything must be written in order, zeroes included: each write starts where the one before it ended.
    var isInOrder: Bool { get }

    /// The smallest run of zeroes, in bytes, worth passing to `writeZeroes`: a power of 2. Runs start and end at its multiples. Nil if
    /// zeroes are written like anything else.
    var zeroGranularity: Int? { get }

    /// Writes the part of `bytes` at the indices `range`, so that its first byte is at `offset`.
    ///
    /// Throws with the system's words if that fails.
    func write(_ bytes: [UInt8], _ range: Range<Int>, at offset: UInt64) throws(CommandError)

    /// Makes `range` read as zeroes.
    ///
    /// Throws the same as `write`.
    func writeZeroes(_ range: Range<UInt64>) throws(CommandError)

    /// Must be called when everything was written. Throws if some of it did not arrive after all.
    func finish() throws(CommandError)

    /// Must be called if the copy ends early, for whatever reason. Leaves nothing that could be taken for a whole copy, unless it was
    /// there before. Threads may still be writing.
    func abandon()
}
