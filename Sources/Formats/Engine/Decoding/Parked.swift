extension DecodedCache {
    /// A decoder that can go on from where it stopped.
    package protocol Parked: AnyObject, Sendable {
        /// The number of the piece it decodes next.
        var nextPiece: Int { get }
        /// The bytes of memory it holds.
        var cost: Int { get }
        /// The time for which it stays if others need its memory.
        var stay: Stay { get }
        /// The time it was made, in nanoseconds of the monotonic clock.
        var began: UInt64 { get }
    }

    /// The time for which a parked decoder stays if others need its memory.
    package enum Stay: Sendable {
        /// No time.
        case none
        /// The time in which its reader sends its next request, if it reads on.
        case briefly
        /// A turn of some time, as long as its reader keeps coming.
        case turn
    }
}
