package import VitrineFormats

/// LZMA2 data, which either decoder can decode.
package struct LZMA2Data: Sendable {
    package var bytes: [UInt8]
    /// The size of the dictionary, as in a filter's properties: 0 for 4 KiB, 1 for 6 KiB, up to 40.
    package var dictionaryBits: UInt8
    /// The most bytes that it may decode to. For Vitrine's decoder and for this `liblzma`, more is `corrupt`.
    package var limit: UInt64

    /// The size of the dictionary in bytes.
    package var dictionary: UInt64 {
        (2 | UInt64(dictionaryBits & 1)) << (UInt64(dictionaryBits) / 2 + 11)
    }

    package init(_ bytes: [UInt8], dictionaryBits: UInt8, limit: UInt64) {
        self.bytes = bytes
        self.dictionaryBits = dictionaryBits
        self.limit = limit
    }

    /// A decoder of the data, from its start.
    package func decoder() throws(ImageError) -> LZMA2Decoder {
        try LZMA2Decoder(
            MemorySource(bytes), 0..<UInt64(bytes.count), dictionary: dictionary, size: limit,
            memoryLimit: .max)
    }

    /// A decoder of up to `size` bytes from `offset` on, where `checkpoint` was taken.
    package func decoder(
        at offset: UInt64, size: UInt64, from checkpoint: LZMA2Checkpoint, _ window: SparseWindow
    ) throws(ImageError) -> LZMA2Decoder {
        try LZMA2Decoder(
            MemorySource(bytes), min(offset, UInt64(bytes.count))..<UInt64(bytes.count),
            dictionary: dictionary, size: size, from: (checkpoint, .sparse(window)), memoryLimit: .max)
    }

    /// All of the data, decoded with Vitrine's decoder.
    package func decode() throws(ImageError) -> [UInt8] {
        let decoder = try decoder()
        var output: [UInt8] = []
        while try decoder.decodeChunk() { output += decoder.taken() }
        return output
    }

    /// All of the data, decoded with liblzma.
    package func decodeWithLiblzma() throws(ImageError) -> [UInt8] {
        let filter = LZMADecoder.Filter(id: 0x21, properties: [dictionaryBits])
        let decoder = try LZMADecoder([filter], outputSize: limit, memoryLimit: .max)
        var output: [UInt8] = []
        var consumed = 0
        while true {
            var status = LZMADecoder.Status.more
            var error: ImageError?
            let before = (output.count, consumed)
            output += [UInt8](capacity: 64 << 10) { span in
                do throws(ImageError) {
                    status = try decoder.decode(bytes, &consumed, into: &span)
                } catch let thrown {
                    error = thrown
                }
            }
            if let error { throw error }
            guard output.count <= limit else {
                throw ImageError(.corrupt, "liblzma gives more than asked for")
            }
            if status == .end { return output }
            guard before != (output.count, consumed) else {
                throw ImageError(.corrupt, "liblzma waits for more")
            }
        }
    }
}

extension LZMA2Decoder {
    /// All bytes that are decoded and not taken yet. Skips zeroes, as for the pieces of a span, and copies the rest.
    package func taken(piece: Int = 64 << 10) -> [UInt8] {
        var output: [UInt8] = []
        while available > 0 {
            let zeroes = skipZeroes(piece)
            if zeroes > 0 {
                output += [UInt8](repeating: 0, count: zeroes)
            } else {
                output += [UInt8](capacity: piece) { take(piece, into: &$0) }
            }
        }
        return output
    }
}
