package import VitrineFormats

extension LZMA2Data {
    /// Decodes it in stretches of as many chunks as `stretch` says each time, and each of them once more from a checkpoint at
    /// its start; says what is wrong, if anything is.
    ///
    /// `piece`: how much is taken at a time, in bytes. Throws what decoding from the start throws.
    package func mismatchAfterCheckpoints(
        piece: Int = 64 << 10, stretch: () -> Int
    ) throws(ImageError) -> String? {
        let decoder = try decoder()
        while true {
            let offset = decoder.inputOffset
            guard let checkpoint = try decoder.beginCheckpoint() else { return nil }
            var expected: [UInt8] = []
            var hasMore = true
            for _ in 0..<max(1, stretch()) where hasMore {
                hasMore = try decoder.decodeChunk()
                expected += decoder.taken(piece: piece)
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
            // As a seek index would keep both.
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
            // What ends the data is not decoded again.
            return decoder.inputOffset == end || decoder.inputOffset + 1 == end
                ? nil : "\(place): ends elsewhere"
        } catch {
            return "\(place): \(error)"
        }
    }
}
