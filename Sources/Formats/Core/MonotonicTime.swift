import Glibc

/// Nanoseconds since some fixed time; never runs backwards.
package func monotonicTime() -> UInt64 { clockTime(CLOCK_MONOTONIC) }

/// The time of `clock` in nanoseconds; 0 if there is no such clock any more.
func clockTime(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
