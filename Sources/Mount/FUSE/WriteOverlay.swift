import VitrineFormats

/// A disk that can be written to, in memory: what is written lies in chunks over a disk that stays as it is.
///
/// The kernel replays the journal of a file system into it.
final class WriteOverlay: Source {
    private struct State {
        var chunks: [UInt64: [UInt8]] = [:]
        /// The number of bytes that were written.
        var written: UInt64 = 0
    }

    /// The size of a chunk, in bytes. The first write to one copies it.
    private static let chunkSize: UInt64 = 64 << 10

    var size: UInt64 { base.size }

    /// The most that chunks may hold together, in bytes.
    let limit: Int

    private let base: any Source
    private let cache: DecodedCache
    private let state = Monitor(State())

    /// A disk of the content of `base`. Chunks take at most `limit` bytes, which count against the budget of `cache`.
    init(_ base: any Source, limit: Int, _ cache: DecodedCache) {
        self.base = base
        self.limit = limit
        self.cache = cache
    }

    deinit {
        let held = state.withLock { $0.chunks.count } * Int(Self.chunkSize)
        if held > 0 { cache.setAside(-held) }
    }

    var decodingMemory: Int { base.decodingMemory }

    var cost: SourceCost { base.cost }

    func decodingTime(at offset: UInt64?) -> UInt64 { base.decodingTime(at: offset) }

    /// The number of bytes that were written so far.
    var written: UInt64 { state.withLock { $0.written } }

    // MARK: Reading

    func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        _ = try fill(&buffer, at: offset, mayWait: true)
    }

    func fillNow(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) -> Bool {
        try fill(&buffer, at: offset, mayWait: false)
    }

    private func fill(
        _ buffer: inout MutableSpan<UInt8>, at offset: UInt64, mayWait: Bool
    ) throws(ImageError) -> Bool {
        var done = 0
        while done < buffer.count {
            let (number, start) = (offset + UInt64(done)).quotientAndRemainder(dividingBy: Self.chunkSize)
            let count = min(Int(Self.chunkSize - start), buffer.count - done)
            if let chunk = state.withLock({ $0.chunks[number] }) {
                buffer.copy(chunk, from: Int(start), count: count, to: done)
            } else {
                let place = offset + UInt64(done)
                let isHere = try buffer.withPart(count, at: done) { (part) throws(ImageError) in
                    try base.read(into: &part, at: place, mayWait: mayWait)
                }
                guard isHere else { return false }
            }
            done += count
        }
        return true
    }

    // MARK: Writing

    /// Writes `bytes` at `offset`.
    ///
    /// Throws `outOfRange` if they pass the end, `limit` if there is no room for them, and the errors of reading what lies around them.
    func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(ImageError) {
        guard offset <= size, UInt64(bytes.count) <= size - offset else {
            throw ImageError(
                .outOfRange, "a write of \(bytes.count) bytes at \(offset) passes the end at \(size)")
        }
        var rest = bytes
        var position = offset
        while !rest.isEmpty {
            let (number, start) = position.quotientAndRemainder(dividingBy: Self.chunkSize)
            let count = min(Int(Self.chunkSize - start), rest.count)
            // Read before the lock is taken: that may take decoding.
            let old = try state.withLock({ $0.chunks[number] }) == nil ? content(of: number) : nil
            try state.withLock { (state) throws(ImageError) in
                if state.chunks[number] == nil {
                    guard (state.chunks.count + 1) * Int(Self.chunkSize) <= limit, let old else {
                        throw ImageError(.limit, "more than \(limit) bytes were written to a disk in memory")
                    }
                    cache.setAside(Int(Self.chunkSize))
                    state.chunks[number] = old
                }
                state.chunks[number]?.replaceSubrange(
                    Int(start)..<Int(start) + count, with: rest.prefix(count))
                state.written += UInt64(count)
            }
            rest = rest.dropFirst(count)
            position += UInt64(count)
        }
    }

    /// The bytes of a chunk that was never written to. What lies behind the end of the disk is zero.
    private func content(of number: UInt64) throws(ImageError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(Self.chunkSize))
        let start = number * Self.chunkSize
        let count = Int(min(Self.chunkSize, size - start))
        var span = bytes.mutableSpan
        try span.withPart(count, at: 0) { (part) throws(ImageError) in
            try base.read(into: &part, at: start)
        }
        return bytes
    }
}
