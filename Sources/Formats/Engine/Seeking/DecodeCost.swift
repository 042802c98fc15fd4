import Glibc

/// A model of the time that decoding LZMA takes: data that is compressed well is copied, other data is decoded bit by
/// bit.
///
/// A model rather than a clock, so that spans are the same in every run and on every machine.
enum DecodeCost {
    private static let perInputByte: UInt64 = 28_000
    private static let perOutputByte: UInt64 = 350

    /// The time for `input` bytes that give `output` bytes, in nanoseconds.
    static func nanoseconds(input: UInt64, output: UInt64) -> UInt64 {
        let (forInput, tooMuchInput) = input.multipliedReportingOverflow(by: perInputByte)
        let (forOutput, tooMuchOutput) = output.multipliedReportingOverflow(by: perOutputByte)
        let (sum, tooMuch) = forInput.addingReportingOverflow(forOutput)
        return tooMuchInput || tooMuchOutput || tooMuch ? .max / 1000 : sum / 1000
    }

    /// The time that decoding one span should take, in nanoseconds: 100 ms.
    static let span: UInt64 = 100_000_000

    /// The CPU time of the calling thread so far, in nanoseconds.
    static func threadTime() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
