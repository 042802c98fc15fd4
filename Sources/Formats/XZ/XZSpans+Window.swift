// What a pass starts with: a span's detail has just those bytes of the window that this span reads, and what comes after it
// may read others.
extension XZSpans {
    /// `detail`, of `span` in the block that starts at `blockStart` in the layer, with all bytes of the window; the spans before
    /// it are decoded for that.
    ///
    /// Throws `corrupt` where these are not known, or not what the index says they are.
    func withWholeWindow(
        _ detail: SpanDetail, of span: SeekSpan, blockStart: UInt64
    ) throws(ImageError) -> SpanDetail {
        if detail.state.isEmpty { return detail }
        let history = try XZSpanState(detail.state).lzma2.history
        guard history <= span.range.lowerBound - blockStart, history <= UInt64(memoryLimit) else {
            throw ImageError(
                .corrupt,
                "seek index: a window of \(history) bytes at \(span.range.lowerBound), in a block at \(blockStart)"
            )
        }
        var whole = detail
        whole.window = SparseWindow(
            all: try decoded(span.range.lowerBound - history..<span.range.lowerBound))
        return whole
    }

    /// What lies in `range`, which is all in spans that are known.
    private func decoded(_ range: Range<UInt64>) throws(ImageError) -> [UInt8] {
        try [UInt8](capacity: range.count) { output throws(ImageError) in
            var position = range.lowerBound
            while position < range.upperBound {
                guard let span = span(at: position) else {
                    throw ImageError(.corrupt, "seek index: nothing is known of \(position)")
                }
                let decoder = try decoder(of: span)
                let cost = decoder.cost + range.count
                engine.cache.reserve(cost)
                defer { engine.cache.release(cost) }
                while !decoder.isFinished {
                    let start = span.range.lowerBound + UInt64(decoder.nextPiece * SeekSpan.pieceSize)
                    let piece = try decoder.decodePiece()
                    guard start + UInt64(piece.count) > position, start < range.upperBound else { continue }
                    let bytes = piece.content
                    for byte in bytes[Int(position - start)...].prefix(output.freeCapacity) {
                        output.append(byte)
                    }
                    position = start + UInt64(bytes.count)
                }
            }
        }
    }
}
