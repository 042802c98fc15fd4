/// The event that the workers do not get on.
struct WorkersStalled: Sendable {
    /// What they were asked for at that time or before is answered with an error; in nanoseconds of the monotonic clock.
    var since: UInt64
}
