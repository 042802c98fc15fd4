/// What is said of a decoder that takes more memory than it may have.
enum DecoderLimit {
    /// The error of a decoder that takes `memory` bytes: it names a memory limit with which it would do.
    ///
    /// One decoder may take half of the memory limit, and three eighths while it goes over a block for the first time; of that it
    /// takes an eighth besides what it needs, as long as there is room (`LZMA2Decoder`). What is left, 21 of 64 parts, must do.
    static func error(memory: UInt64) -> ImageError {
        // Rounded up to MiB. Numbers of this size do not overflow: a window is at most 4 GiB in a file.
        let needed = (memory / 21 &+ 1).multipliedReportingOverflow(by: 64)
        let mebibytes = ((needed.overflow ? .max : needed.partialValue) >> 20) + 1
        return ImageError(
            .limit,
            "decoding takes \(memory) bytes of memory, mostly for the dictionary, more than one decoder may take "
                + "of the memory limit: --memory \(mebibytes)M would do")
    }
}
