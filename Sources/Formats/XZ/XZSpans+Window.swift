// What a pass starts with: a span's detail has just those bytes of the window that this span reads, and what comes after it
// may read others.
extension XZSpans {
    /// Fills `window` with the bytes of the layer before `end`, which lie in spans that are known.
    ///
    /// Throws `corrupt` where they are not, or not what the index says they are.
    func fillWindow(_ window: inout MutableSpan<UInt8>, before end: UInt64) throws(ImageError) {
        guard window.count <= end else {
            throw ImageError(.corrupt, "seek index: a window of \(window.count) bytes at \(end)")
        }
        let start = end - UInt64(window.count)
        var position = start
        while position < end {
            guard let span = span(at: position) else {
                throw ImageError(.corrupt, "seek index: nothing is known of \(position)")
            }
            let decoder = try decoder(of: span)
            // For the pass as well, which has no room reserved before it is made.
            engine.cache.reserve(2 * decoder.cost)
            defer { engine.cache.release(2 * decoder.cost) }
            while !decoder.isFinished, decoder.position < end {
                let first = decoder.position
                let bytes = try decoder.decodePiece().content
                let from = max(first, start)
                let to = min(first + UInt64(bytes.count), end)
                if from < to {
                    window.copy(bytes, from: Int(from - first), count: Int(to - from), to: Int(from - start))
                }
            }
            position = span.range.upperBound
        }
    }
}
