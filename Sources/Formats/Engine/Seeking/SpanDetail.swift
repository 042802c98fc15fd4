/// The checkpoint and the piece hashes of one span. Seek indexes store it packed.
struct SpanDetail: Equatable, Sendable {
    /// The state of the decoder at the start of the span, in the form of its format. Empty if the decoder starts
    /// afresh.
    var state: [UInt8] = []
    /// The bytes of the decoder's window that the span reads.
    var window = SparseWindow()
    /// The hash of each piece of the span.
    var hashes: [UInt64] = []

    /// The hash of a piece that is all zeroes.
    static let zeroHash: UInt64 = 0

    /// The hash of a piece that is not all zeroes.
    static func hash(_ piece: [UInt8]) -> UInt64 {
        let hash = XXH3.hash(piece.span)
        return hash == zeroHash ? 1 : hash
    }

    private static let headerSize = 32
    private static let maximumState = 1 << 20

    /// The detail as it stands in seek indexes (docs/seek-index.md, "Details"), compressed at `level`, 1 to 19.
    func packed(level: Int32) -> [UInt8] {
        var packed: [UInt8] = []
        var frames: [[UInt8]] = []
        var hashBytes: [UInt8] = []
        for hash in hashes { hashBytes.append(little: hash) }
        for part in [state, window.runs, window.bytes, hashBytes] {
            let frame = part.isEmpty ? [] : Zstd.compress(part, level: level)
            packed.append(little: UInt32(part.count))
            packed.append(little: UInt32(frame.count))
            frames.append(frame)
        }
        for frame in frames { packed += frame }
        return packed
    }

    init(state: [UInt8] = [], window: SparseWindow = SparseWindow(), hashes: [UInt64] = []) {
        self.state = state
        self.window = window
        self.hashes = hashes
    }

    /// Unpacks the detail of a span with `pieces` pieces.
    ///
    /// Throws `corrupt` if `packed` is not such a detail. Throws `limit`, before anything is allocated, if its window
    /// holds more than `limit` bytes.
    init(_ packed: [UInt8], pieces: Int, limit: Int) throws(ImageError) {
        let fields = Fields(packed, at: 0)
        var position = Self.headerSize
        func part(_ index: Int, atMost limit: Int) throws(ImageError) -> [UInt8] {
            let count = Int(
                try fields.little("size of a part of a span's detail", at: 8 * index, as: UInt32.self))
            let size = Int(
                try fields.little(
                    "packed size of a part of a span's detail", at: 8 * index + 4, as: UInt32.self))
            guard count <= limit else {
                throw ImageError(
                    .limit, "part \(index) of a span's detail has \(count) bytes, more than \(limit)")
            }
            guard size <= packed.count - position else {
                throw ImageError(
                    .corrupt, "part \(index) of a span's detail passes its end at \(packed.count)")
            }
            defer { position += size }
            return count == 0 ? [] : try Zstd.decompress(packed[position..<position + size], count: count)
        }
        state = try part(0, atMost: Self.maximumState)
        let runs = try part(1, atMost: limit)
        window = SparseWindow(runs: runs, bytes: try part(2, atMost: limit))
        let hashBytes = try part(3, atMost: 8 * pieces)
        guard hashBytes.count == 8 * pieces, position == packed.count else {
            throw ImageError(
                .corrupt,
                "a span of \(pieces) pieces has \(hashBytes.count) bytes of hashes, which end at \(position) of \(packed.count)"
            )
        }
        let hashFields = Fields(hashBytes, at: 0)
        hashes = []
        hashes.reserveCapacity(pieces)
        for index in 0..<pieces { hashes.append(try hashFields.little("hash of a piece", at: 8 * index)) }
    }
}
