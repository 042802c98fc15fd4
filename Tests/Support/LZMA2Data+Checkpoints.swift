package import VitrineFormats

extension LZMA2Data {
    /// Decodes the data in parts, and each part again from a checkpoint at its start. `stretch` gives the number of
    /// chunks of the next part. Returns a text about the first mismatch. Nil if there is none.
    ///
    /// `piece` is the number of bytes taken at a time. Throws the errors of decoding from the start.
    package func mismatchAfterCheckpoints(
        piece: Int = 64 << 10, stretch: () -> Int
    ) throws(ImageError) -> String? {
        let decoder = try decoder()
        while true {
            let offset = decoder.inputOffset
            guard let checkpoint = try decoder.beginCheckpoint() else { return nil }
            var expected: [UInt8] = []
            var hasMore = true
            var left = max(1, stretch())
            while left > 0, hasMore {
                hasMore = try decoder.decodeChunk()
                expected += decoder.taken(piece: piece)
                left -= 1
            }
            let window = decoder.endCheckpoint()
            if let mismatch = mismatch(checkpoint, window, at: offset, expected, to: decoder.inputOffset) {
                return mismatch
            }
            if !hasMore { return nil }
        }
    }

    private func mismatch(
        _ checkpoint: LZMA2Checkpoint, _ window: SparseWindow, at offset: UInt64, _ expected: [UInt8],
        to end: UInt64
    ) -> String? {
        let place = "checkpoint at \(offset) for \(expected.count) bytes"
        do throws(ImageError) {
            // Both go through the form in which a seek index stores them.
            let stored = try LZMA2Checkpoint(checkpoint.bytes)
            guard stored == checkpoint else { return "\(place) is another one after it was stored" }
            let decoder = try decoder(
                at: offset, size: UInt64(expected.count), from: stored,
                SparseWindow(runs: window.runs, bytes: window.bytes))
            var found: [UInt8] = []
            while found.count < expected.count {
                guard try decoder.decodeChunk() else { return "\(place): the data ends early" }
                found += decoder.taken()
            }
            if found != expected {
                let index = zip(found, expected).enumerated().first { $0.element.0 != $0.element.1 }?.offset
                return "\(place): byte \(index ?? expected.count) differs"
            }
            // The end marker of the data is not decoded again.
            return decoder.inputOffset == end || decoder.inputOffset + 1 == end
                ? nil : "\(place): ends elsewhere"
        } catch {
            return "\(place): \(error)"
        }
    }
}
