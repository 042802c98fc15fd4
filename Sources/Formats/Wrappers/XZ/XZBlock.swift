/// A block of an .xz file whose header has been read.
struct XZBlock: SeekableBlock, SequentialBlock {
    let source: any Source
    let block: XZContainer.Block
    let header: XZBlockHeader
    /// Its range in the layer, in bytes.
    let range: Range<UInt64>
    /// The most memory in bytes that a decoder may take.
    let memoryLimit: Int

    private var size: UInt64 { range.upperBound - range.lowerBound }

    // MARK: LZMA2 alone

    var windowSize: UInt64 { header.dictionary ?? 0 }

    var decoderMemory: Int {
        guard let dictionary = header.dictionary else {
            return XZBlockDecoder.memory(header, size: size, limit: memoryLimit)
        }
        return LZMA2Decoder.memory(dictionary: dictionary, size: size, memoryLimit: memoryLimit)
    }

    var passMemory: Int { XZDecoder.memory(recording: decoderMemory) }

    func passDecoder(from start: SpanStart?) throws(ImageError) -> any SeekDecoder {
        // A quarter is for the recorder, whose bits take an eighth of the dictionary.
        try decoder(from: start, memoryLimit: memoryLimit - memoryLimit / 4, records: true)
    }

    func decoder(from start: SpanStart?) throws(ImageError) -> any SeekDecoder {
        try decoder(from: start, memoryLimit: memoryLimit, records: false)
    }

    private func decoder(
        from start: SpanStart?, memoryLimit: Int, records: Bool
    ) throws(ImageError) -> XZDecoder {
        let dictionary = header.dictionary ?? 0
        guard let start else {
            let decoder = try LZMA2Decoder(
                source, header.data, dictionary: dictionary, size: size, memoryLimit: memoryLimit)
            return XZDecoder(self, decoder, records ? block.check.computation() : nil, records: records)
        }
        let state = try XZSpanState(start.state)
        let decoder = try LZMA2Decoder(
            source, start.span.input..<header.data.upperBound, dictionary: dictionary,
            size: range.upperBound - start.span.range.lowerBound, from: (state.lzma2, start.window),
            memoryLimit: memoryLimit)
        let check = records ? block.check.computation(from: state.check) : nil
        return XZDecoder(self, decoder, check, records: records)
    }

    // MARK: Other filters

    func decoder() throws(ImageError) -> any SequentialDecoder {
        try XZBlockDecoder(of: source, block, header, uncompressedSize: size, memoryLimit: memoryLimit)
    }
}
