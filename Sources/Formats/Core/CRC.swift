import CLZMA

/// CRC-32 as in IEEE 802.3, which xz, GPT and many others use.
package struct CRC32: Sendable {
    /// The checksum of the bytes so far.
    package private(set) var value: UInt32 = 0

    /// A computation that goes on from `value`, the checksum of the bytes so far.
    package init(_ value: UInt32 = 0) {
        self.value = value
    }

    package mutating func update(_ bytes: borrowing Span<UInt8>) {
        value = unsafe bytes.withUnsafeBufferPointer {
            unsafe lzma_crc32($0.baseAddress, $0.count, value)
        }
    }

    /// The checksum of `bytes`.
    package static func of(_ bytes: some Collection<UInt8>) -> UInt32 {
        var crc = CRC32()
        let bytes = Array(bytes)
        crc.update(bytes.span)
        return crc.value
    }
}

/// CRC-64 as in ECMA-182, the usual check of xz files.
package struct CRC64: Sendable {
    /// The checksum of the bytes so far.
    package private(set) var value: UInt64 = 0

    /// A computation that goes on from `value`, the checksum of the bytes so far.
    package init(_ value: UInt64 = 0) {
        self.value = value
    }

    package mutating func update(_ bytes: borrowing Span<UInt8>) {
        value = unsafe bytes.withUnsafeBufferPointer {
            unsafe lzma_crc64($0.baseAddress, $0.count, value)
        }
    }
}
