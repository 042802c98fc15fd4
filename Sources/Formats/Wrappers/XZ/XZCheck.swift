/// The kind of integrity check of a stream's blocks (.xz file format, section 2.1.1.2).
struct XZCheck: Equatable, Hashable, Sendable {
    /// The number of the kind, 0 to 15.
    let id: UInt8

    /// The size of a check in bytes.
    var size: Int { Self.sizes[Int(id & 0xF)] }

    /// The name that `xz --list` shows.
    var name: String {
        switch id {
        case 0: "None"
        case 1: "CRC32"
        case 4: "CRC64"
        case 10: "SHA-256"
        default: "Unknown-\(id)"
        }
    }

    /// True if this program can compute the check. Others are skipped.
    var isKnown: Bool { [0, 1, 4, 10].contains(id) }

    private static let sizes = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64]

    /// A check being computed over the bytes of a block.
    enum Computation: Sendable {
        case none
        case crc32(CRC32)
        case crc64(CRC64)
        case sha256(SHA256)

        mutating func update(_ bytes: borrowing Span<UInt8>) {
            switch self {
            case .none: break
            case .crc32(var crc):
                crc.update(bytes)
                self = .crc32(crc)
            case .crc64(var crc):
                crc.update(bytes)
                self = .crc64(crc)
            case .sha256(var hash):
                hash.update(bytes)
                self = .sha256(hash)
            }
        }

        /// The check in its stored form. Nil if there is nothing to compare.
        func stored() -> [UInt8]? {
            switch self {
            case .none: nil
            case .crc32(let crc): (0..<4).map { UInt8(truncatingIfNeeded: crc.value >> (8 * $0)) }
            case .crc64(let crc): (0..<8).map { UInt8(truncatingIfNeeded: crc.value >> (8 * $0)) }
            case .sha256(let hash): hash.digest()
            }
        }
    }

    /// A computation that continues from a result of `stored()`. Nil if that is not possible: SHA-256 has more state.
    func computation(from stored: [UInt8]) -> Computation? {
        let value = stored.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return switch (id, stored.count) {
        case (1, 4): .crc32(CRC32(UInt32(truncatingIfNeeded: value)))
        case (4, 8): .crc64(CRC64(value))
        case (1, _), (4, _), (10, _): nil
        default: Computation.none
        }
    }

    /// A computation of this check over no bytes yet.
    func computation() -> Computation {
        switch id {
        case 1: .crc32(CRC32())
        case 4: .crc64(CRC64())
        case 10: .sha256(SHA256())
        default: .none
        }
    }
}
