import CZstd

/// Whole frames of Zstandard (RFC 8878).
package enum Zstd {
    /// Compresses `bytes` at `level`, 1 to 19. Returns one frame.
    package static func compress(_ bytes: [UInt8], level: Int32) -> [UInt8] {
        let frame = [UInt8](capacity: ZSTD_compressBound(bytes.count)) { output in
            unsafe output.withUnsafeMutableBufferPointer { target, count in
                let result = unsafe bytes.withUnsafeBytes { source in
                    unsafe ZSTD_compress(
                        target.baseAddress, target.count, source.baseAddress, source.count, level)
                }
                // The bound leaves room for the worst case, so only a lack of memory can fail.
                precondition(ZSTD_isError(result) == 0, "zstd found no memory to compress with")
                count = result
            }
        }
        // A copy that does not keep the room for the worst case.
        return unsafe frame.withUnsafeBufferPointer { unsafe Array($0) }
    }

    /// Decodes the frame `bytes`, which holds `count` bytes.
    ///
    /// Throws `corrupt` if it is no frame, or holds more or fewer bytes. The caller has bounded `count`.
    package static func decompress(_ bytes: ArraySlice<UInt8>, count: Int) throws(ImageError) -> [UInt8] {
        let result = [UInt8](capacity: count) { output in
            unsafe output.withUnsafeMutableBufferPointer { target, filled in
                let result = unsafe bytes.withUnsafeBytes { source in
                    unsafe ZSTD_decompress(
                        target.baseAddress, target.count, source.baseAddress, source.count)
                }
                filled = ZSTD_isError(result) == 0 ? result : 0
            }
        }
        guard result.count == count else {
            throw ImageError(.corrupt, "a zstd frame of \(bytes.count) bytes does not hold \(count) bytes")
        }
        return result
    }
}
