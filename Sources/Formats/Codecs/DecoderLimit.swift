/// The error for a decoder that takes more memory than it may have.
enum DecoderLimit {
    /// The error of a decoder that takes `memory` bytes. It names a memory limit that would do.
    ///
    /// One decoder may take half of the memory limit, and three eighths while it goes over a block for the first time. It takes an
    /// eighth of these besides what it needs, as long as there is room (`LZMA2Decoder`). The rest, 21 of 64 parts, must do.
    static func error(memory: UInt64) -> ImageError {
        // Rounded up to MiB. Numbers of this size do not overflow: a window is at most 4 GiB in a file.
        let needed = (memory / 21 &+ 1).multipliedReportingOverflow(by: 64)
        let mebibytes = ((needed.overflow ? .max : needed.partialValue) >> 20) + 1
        return ImageError(
            .limit,
            "decoding takes \(memory) bytes of memory, mostly for the dictionary, more than one decoder may take "
                + "of the memory limit",
            remedy: Remedy(.memory, "\(mebibytes)M", "would do"))
    }
}
