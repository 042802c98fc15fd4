/// Read-only bytes that can be read at any offset: a file, the content of an xz file, a partition of a disk.
///
/// Sources stack, and data moves upwards only: each knows the source below it and nothing else.
///
/// Reads are synchronous, because they are disk and CPU work, and may be made from any thread at once. A source either fills a
/// buffer or throws; there are no short reads.
package protocol Source: AnyObject, Sendable {
    /// Length in bytes; fixed for the life of the source.
    var size: UInt64 { get }

    /// Fills all of `buffer` from `offset`, or throws.
    ///
    /// The range lies inside `0 ..< size` and is not empty: callers come through `read(into:at:)`, which has checked it.
    func fill(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError)

    /// Fills all of `buffer` as `fill` does, if that takes neither disk nor decoding.
    ///
    /// Returns false if it would; `buffer` may then hold anything. For threads that must not wait, such as an event loop. Callers
    /// come through `readNow(into:at:)`.
    func fillNow(_ buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) -> Bool

    /// The extent at the start of `range`, clipped to `range`.
    ///
    /// Never decodes data to answer: a source that cannot tell says `.data`. Nil if the answer takes waiting and `mayWait` is false.
    /// `range` lies inside `0 ..< size` and is not empty.
    func extent(in range: Range<UInt64>, mayWait: Bool) throws(ImageError) -> Extent?

    /// The image of a chain that holds the start of `range`, and the part of `range` for which that is so.
    ///
    /// Never decodes data to answer. `range` lies inside `0 ..< size` and is not empty.
    func depth(in range: Range<UInt64>) throws(ImageError) -> Allocation

    /// The dirty bitmaps that the format has kept.
    var bitmaps: [any DirtyBitmap] { get }

    /// The most memory, in bytes, that decoders take at once for one read of it.
    var decodingMemory: Int { get }

    /// The dearest thing that a read of it may take.
    var cost: SourceCost { get }

    /// An estimate of the time for decoding that a short read at `offset` takes, in microseconds. If that is nil, of the time at the
    /// slowest place. 0 for compressed clusters, and for anything that takes no more than these.
    func decodingTime(at offset: UInt64?) -> UInt64

    /// Makes later reads of `range` cheap, within the limits on memory.
    ///
    /// `range` lies inside `0 ..< size`. May return before the work is done.
    func prefetch(_ range: Range<UInt64>) throws(ImageError)
}

extension Source {
    package func fillNow(
        _ buffer: inout MutableSpan<UInt8>, at offset: UInt64
    ) throws(ImageError) -> Bool { false }

    package func extent(in range: Range<UInt64>, mayWait: Bool) throws(ImageError) -> Extent? {
        mayWait ? Extent(range, .data) : nil
    }

    package func depth(in range: Range<UInt64>) throws(ImageError) -> Allocation {
        Allocation(range, depth: 1)
    }

    package var bitmaps: [any DirtyBitmap] { [] }

    package var decodingMemory: Int { 0 }

    package var cost: SourceCost { decodingMemory == 0 ? .memory : .decoding }

    package func decodingTime(at offset: UInt64?) -> UInt64 { 0 }

    package func prefetch(_ range: Range<UInt64>) throws(ImageError) {}
}

// The one door to the bytes of a source: the range is checked here, by subtraction so that it cannot overflow, and nowhere else.
extension Source {
    /// Fills all of `buffer` from `offset`.
    ///
    /// Throws `outOfRange` if the range passes the end.
    package func read(into buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(ImageError) {
        try requireInside(count: buffer.count, at: offset)
        if buffer.count > 0 { try fill(&buffer, at: offset) }
    }

    /// Fills all of `buffer` from `offset`, if that can be done without waiting.
    ///
    /// Returns false if it cannot; `buffer` may then hold anything. Throws `outOfRange` if the range passes the end.
    package func readNow(
        into buffer: inout MutableSpan<UInt8>, at offset: UInt64
    ) throws(ImageError) -> Bool {
        try requireInside(count: buffer.count, at: offset)
        return buffer.count > 0 ? try fillNow(&buffer, at: offset) : true
    }

    /// Fills all of `buffer` from `offset`. Returns false if that takes waiting and `mayWait` is false.
    ///
    /// Throws `outOfRange` if the range passes the end.
    package func read(
        into buffer: inout MutableSpan<UInt8>, at offset: UInt64, mayWait: Bool
    ) throws(ImageError) -> Bool {
        guard mayWait else { return try readNow(into: &buffer, at: offset) }
        try read(into: &buffer, at: offset)
        return true
    }

    /// The extent at the start of `range`, which may be waited for.
    package func extent(in range: Range<UInt64>) throws(ImageError) -> Extent {
        try extent(in: range, mayWait: true) ?? Extent(range, .data)
    }

    /// Reads `count` bytes from `offset`, for headers and tables.
    ///
    /// Throws `outOfRange` if the range passes the end. The caller has bounded `count`.
    package func bytes(at offset: UInt64, count: Int) throws(ImageError) -> [UInt8] {
        try requireInside(count: count, at: offset)
        return try [UInt8](capacity: count) { output throws(ImageError) in
            output.append(repeating: 0, count: count)
            var span = output.mutableSpan
            if count > 0 { try fill(&span, at: offset) }
        }
    }

    /// True if the `count` bytes from `offset` on lie inside it, whatever the numbers are.
    package func holds(_ count: UInt64, at offset: UInt64) -> Bool {
        let size = size
        return offset <= size && count <= size - offset
    }

    /// The reason that not all of the `count` bytes from `offset` on can be read: the end comes before theirs. Nil if it does not.
    /// `structure` names them.
    package func shortfall(
        of structure: @autoclosure () -> String, at offset: UInt64, count: UInt64
    ) -> String? {
        guard !holds(count, at: offset) else { return nil }
        return "\(structure()) at \(offset) takes \(count) bytes, but the end is at \(size)"
    }

    /// Throws `corrupt` unless the `count` bytes from `offset` on lie inside it. `structure` names them.
    package func require(
        _ structure: @autoclosure () -> String, at offset: UInt64, count: UInt64
    ) throws(ImageError) {
        if let reason = shortfall(of: structure(), at: offset, count: count) {
            throw ImageError(.corrupt, reason)
        }
    }

    private func requireInside(count: Int, at offset: UInt64) throws(ImageError) {
        guard count >= 0, holds(UInt64(count), at: offset) else {
            throw ImageError(.outOfRange, "read of \(count) bytes at \(offset) passes the end at \(size)")
        }
    }
}
