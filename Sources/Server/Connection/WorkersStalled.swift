/// The event that the workers make no progress.
struct WorkersStalled: Sendable {
    /// Requests that the workers were asked for at this time or before are answered with an error; in nanoseconds of the monotonic
    /// clock.
    var since: UInt64

    /// The seconds for which they have made none.
    var seconds: UInt64
}
