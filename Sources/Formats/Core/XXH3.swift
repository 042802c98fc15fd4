import CXXHash

/// XXH3 of 64 bits (xxHash): a fast hash against accidents, not against attackers.
package enum XXH3 {
    /// The hash of `bytes`, with seed 0.
    package static func hash(_ bytes: borrowing Span<UInt8>) -> UInt64 {
        unsafe bytes.withUnsafeBufferPointer { unsafe XXH3_64bits($0.baseAddress, $0.count) }
    }
}
