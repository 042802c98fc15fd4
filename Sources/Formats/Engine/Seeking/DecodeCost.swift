import Glibc

/// A model of the time that decoding takes: so much for each byte that is read, and for each that is written.
///
/// A model rather than a clock, so that spans are the same in every run and on every machine.
struct DecodeCost: Sendable {
    /// The time for one byte of compressed data, in picoseconds.
    var perInputByte: UInt64
    /// The time for one byte of decoded data, in picoseconds.
    var perOutputByte: UInt64
    /// The time that decoding one span should take, in nanoseconds.
    var span: UInt64

    /// The time for `input` bytes that give `output` bytes, in nanoseconds.
    func nanoseconds(input: UInt64, output: UInt64) -> UInt64 {
        let (forInput, tooMuchInput) = input.multipliedReportingOverflow(by: perInputByte)
        let (forOutput, tooMuchOutput) = output.multipliedReportingOverflow(by: perOutputByte)
        let (sum, tooMuch) = forInput.addingReportingOverflow(forOutput)
        return tooMuchInput || tooMuchOutput || tooMuch ? .max / 1000 : sum / 1000
    }

    /// The CPU time of the calling thread so far, in nanoseconds.
    static func threadTime() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
