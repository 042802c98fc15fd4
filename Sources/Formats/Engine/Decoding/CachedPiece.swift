/// A piece of decoded data as the cache keeps it.
enum CachedPiece: Sendable {
    case plain([UInt8])
    /// A zstd frame that holds `count` bytes.
    case packed([UInt8], count: Int)

    /// The fastest level of zstd: the gain of the cache is time.
    private static let level: Int32 = 1

    /// Creates a piece of `bytes`, compressed unless that gains little.
    init(packing bytes: [UInt8]) {
        let frame = Zstd.compress(bytes, level: Self.level)
        self = frame.count < bytes.count / 8 * 7 ? .packed(frame, count: bytes.count) : .plain(bytes)
    }

    /// The bytes of memory that the piece holds.
    var held: Int {
        switch self {
        case .plain(let bytes): bytes.count
        case .packed(let frame, _): frame.count
        }
    }

    /// The decoded data.
    var bytes: [UInt8] {
        switch self {
        case .plain(let bytes): return bytes
        case .packed(let frame, let count):
            guard let bytes = try? Zstd.decompress(frame[...], count: count) else {
                preconditionFailure("what was compressed in this process can be decompressed in it")
            }
            return bytes
        }
    }
}
