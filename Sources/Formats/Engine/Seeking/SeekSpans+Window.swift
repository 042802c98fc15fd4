// The window that a pass starts with. A span's detail has only the bytes of the window that this span reads, but data
// after the span may read others.
extension SeekSpans {
    /// Fills `window` with the bytes of the layer before `end`, which lie in known spans.
    ///
    /// Throws `corrupt` if they do not, or are not what the index says.
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
            try withDecoder(of: span) { decoder throws(ImageError) in
                while !decoder.isFinished, decoder.position < end {
                    let first = decoder.position
                    let bytes = try decoder.decodePiece().content
                    let from = max(first, start)
                    let to = min(first + UInt64(bytes.count), end)
                    guard from < to else { continue }
                    window.copy(bytes, from: Int(from - first), count: Int(to - from), to: Int(from - start))
                }
            }
            position = span.range.upperBound
        }
    }
}
