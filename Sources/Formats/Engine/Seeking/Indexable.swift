/// A layer in which seeking gets faster once it has been indexed.
package protocol Indexable: Source {
    /// The index that keeps what is learnt of the layer. Nil if nothing is kept.
    var seekIndex: (any SeekIndex)? { get }

    /// Bytes that tell the layer's file from others, by what its format knows. Part of the fingerprint.
    ///
    /// Throws the errors of reading the file.
    func digest() throws(ImageError) -> [UInt8]

    /// The state of the index so far.
    var indexState: IndexState { get }

    /// Decodes everything that is not indexed yet, on all of the engine's workers, and adds it to the index.
    ///
    /// Returns early, between two spans, once `isStopped` returns true. `progress` is called after every span, from any
    /// thread. Throws the first error met; everything that could be decoded is in the index even then.
    func buildIndex(
        isStopped: @escaping @Sendable () -> Bool, progress: @escaping @Sendable (IndexState) -> Void
    ) throws(ImageError)

    /// Indexes the rest of the layer whenever nobody waits for a decode, until all of it is indexed or `isStopped`
    /// returns true. Runs on a thread of its own.
    func indexInBackground(isStopped: @escaping @Sendable () -> Bool)

    /// Decodes every span of the index from its checkpoint, on all workers, and compares the hashes.
    ///
    /// Throws the first mismatch. `progress` gets the bytes of the layer that have been checked, and the time of the
    /// slowest span so far, in microseconds of CPU time.
    func verifyIndex(
        isStopped: @escaping @Sendable () -> Bool,
        progress: @escaping @Sendable (_ bytes: UInt64, _ worst: UInt32) -> Void
    ) throws(ImageError)
}

extension Indexable {
    package var seekIndex: (any SeekIndex)? { nil }

    package func digest() -> [UInt8] { [] }
}

/// The state of a layer's index, and the gain from it.
package struct IndexState: Sendable, Equatable {
    /// The bytes of the layer that lie in spans.
    package var indexed: UInt64
    /// The size of the layer, in bytes.
    package var size: UInt64
    /// The number of spans.
    package var spans: Int
    /// The longest time that decoding a span took, in microseconds of CPU time.
    package var worstSpan: UInt32
    /// The bytes of the layer that are known to be zero, or that the index says are zero.
    package var zeroes: UInt64
    /// An estimate of the time to decode the largest block without an index, in microseconds.
    package var worstBlock: UInt64
    /// About the longest time that decoding takes once the layer is indexed, in microseconds: spans are made to take no longer.
    package var usualSpan: UInt64
    /// The time of the pass that opening the layer took to find its size. Nil if none was made.
    package var firstPass: Duration?
    /// True if some blocks at least can be decoded only from their start: their filters keep a state that no checkpoint
    /// holds.
    package var seeksByBlockOnly: Bool

    /// True if everything that can be indexed is.
    package var isComplete: Bool
}
