/// A layer in which seeking gets faster once it has been indexed.
package protocol Indexable: Source {
    /// Where what is learnt of it is kept; nil where nothing is.
    var seekIndex: (any SeekIndex)? { get }

    /// What tells the file that it is in from others, as far as its format knows; part of the fingerprint.
    ///
    /// Throws what reading it throws.
    func digest() throws(ImageError) -> [UInt8]

    /// What is indexed so far.
    var indexState: IndexState { get }

    /// Decodes everything that is not indexed yet, on all of the engine's workers, and adds it to the index.
    ///
    /// Returns early, between two spans, once `isStopped` says so. `progress` is told after every span, from any
    /// thread. Throws the first error met; what could be decoded is in the index all the same.
    func buildIndex(
        isStopped: @escaping @Sendable () -> Bool, progress: @escaping @Sendable (IndexState) -> Void
    ) throws(ImageError)

    /// Indexes what is not indexed yet whenever nobody waits for something to be decoded, until all is or
    /// `isStopped` says so. For a thread of its own.
    func indexInBackground(isStopped: @escaping @Sendable () -> Bool)

    /// Decodes every span of the index from its checkpoint, on all workers, and compares the hashes.
    ///
    /// Throws the first mismatch. `progress` is told how many bytes of the layer have been checked, and how
    /// long the slowest span took so far, in microseconds of CPU time.
    func verifyIndex(
        isStopped: @escaping @Sendable () -> Bool,
        progress: @escaping @Sendable (_ bytes: UInt64, _ worst: UInt32) -> Void
    ) throws(ImageError)
}

extension Indexable {
    package var seekIndex: (any SeekIndex)? { nil }

    package func digest() -> [UInt8] { [] }
}

/// How far a layer is indexed, and what that brings.
package struct IndexState: Sendable, Equatable {
    /// The bytes of the layer that lie in spans.
    package var indexed: UInt64
    /// The bytes of the layer.
    package var size: UInt64
    /// How many spans there are.
    package var spans: Int
    /// The longest that decoding one of them took, in microseconds of CPU time.
    package var worstSpan: UInt32
    /// The bytes of the layer that are known to be zero, or said to be by the index.
    package var zeroes: UInt64
    /// An estimate of how long decoding takes where there is no index: of the largest block, in microseconds.
    package var worstBlock: UInt64
    /// Whether decoding starts at blocks only, for at least some of them: their filters keep a state that
    /// no checkpoint holds.
    package var seeksByBlockOnly: Bool

    /// Whether everything that can be is indexed.
    package var isComplete: Bool
}
