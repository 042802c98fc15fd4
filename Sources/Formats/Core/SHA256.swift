import CNettle

/// SHA-256, as in FIPS 180-4.
package struct SHA256: Sendable {
    /// The length of a digest in bytes.
    package static let count = 32

    private var context = sha256_ctx()

    package init() {
        unsafe nettle_sha256_init(&context)
    }

    package mutating func update(_ bytes: borrowing Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe nettle_sha256_update(&context, bytes.count, bytes.baseAddress)
        }
    }

    /// The digest of the bytes so far; ends the computation.
    package consuming func digest() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Self.count)
        unsafe nettle_sha256_digest(&context, digest.count, &digest)
        return digest
    }
}
