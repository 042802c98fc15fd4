/// What a disk is copied to. Thread-safe.
protocol CopyTarget: Sendable {
    /// Whether everything has to be written in order, zeroes included: each write starts where
    /// the one before it ended.
    var isInOrder: Bool { get }

    /// The shortest stretch of zeroes, in bytes, that is better told than written: a power of 2, and
    /// stretches start and end at its multiples. Nil where zeroes are written like anything else.
    var zeroGranularity: Int? { get }

    /// Writes `bytes` in the `range` of its indices, so that the first is at `offset`.
    ///
    /// Throws with the system's words where that fails.
    func write(_ bytes: [UInt8], _ range: Range<Int>, at offset: UInt64) throws(CommandError)

    /// Has `range` read as zeroes.
    ///
    /// Throws as `write` does.
    func writeZeroes(_ range: Range<UInt64>) throws(CommandError)

    /// To be called when everything was written. Throws where some of it did not arrive after all.
    func finish() throws(CommandError)

    /// To be called where the copy ends early, for whatever reason; leaves nothing that could be taken
    /// for a whole copy, unless it was there before. Threads may still be writing.
    func abandon()
}
