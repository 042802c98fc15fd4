import CLZMA

/// A chain of liblzma's filters that decodes data from its start.
///
/// Not thread-safe: one thread at a time.
///
/// @safe: the stream's pointers into buffers are set and used within one call.
@safe package final class LZMADecoder {
    /// One filter of a chain, in the terms of the .xz file format (section 3.1.3).
    package struct Filter: Equatable, Sendable {
        /// The filter's number, such as 0x21 for LZMA2.
        package var id: UInt64
        /// The filter's properties, as they stand in the file.
        package var properties: [UInt8]

        package init(id: UInt64, properties: [UInt8]) {
            self.id = id
            self.properties = properties
        }
    }

    package enum Status {
        /// More input, or more room for output, is needed to go on.
        case more
        /// The end marker has been decoded.
        case end
    }

    // liblzma's LZMA_FILTER_LZMA2 and LZMA_DICT_SIZE_MIN: macros that Swift does not import.
    private static let lzma2: lzma_vli = 0x21
    private static let minimumDictionary: UInt64 = 4096

    /// The memory it takes, in bytes.
    package let memory: Int

    private var stream = unsafe lzma_stream()

    /// A decoder for data that went through `filters`. The last of them is LZMA2.
    ///
    /// `outputSize` is the number of bytes that will be decoded in all; a dictionary never needs to be larger. Throws `limit`, before
    /// anything is allocated, if the decoder takes more than `memoryLimit` bytes, and `unsupported` or `corrupt` for filters or
    /// properties that liblzma refuses.
    package init(_ filters: [Filter], outputSize: UInt64, memoryLimit: Int) throws(ImageError) {
        var chain = unsafe filters.map {
            unsafe lzma_filter(id: lzma_vli($0.id), options: nil)
        }
        // LZMA_VLI_UNKNOWN ends a chain.
        unsafe chain.append(lzma_filter(id: lzma_vli.max, options: nil))
        defer { unsafe lzma_filters_free(&chain, nil) }
        for (index, filter) in filters.enumerated() {
            let status = unsafe lzma_properties_decode(
                &chain[index], nil, filter.properties, filter.properties.count)
            guard status == LZMA_OK else {
                throw ImageError(
                    .unsupported,
                    "filter \(hex(filter.id)) has \(filter.properties.count) bytes of properties, "
                        + "[\(hex(filter.properties))], which liblzma refuses")
            }
            if filter.id == Self.lzma2 {
                // lzma_properties_decode makes an lzma_options_lzma for LZMA2.
                let options = unsafe chain[index].options?.assumingMemoryBound(to: lzma_options_lzma.self)
                if let options = unsafe options {
                    let needed = UInt32(clamping: max(outputSize, Self.minimumDictionary))
                    unsafe options.pointee.dict_size = min(options.pointee.dict_size, needed)
                }
            }
        }
        let needed = unsafe lzma_raw_decoder_memusage(chain)
        guard needed != .max else {
            throw ImageError(.unsupported, "liblzma cannot decode this chain of filters")
        }
        guard needed <= UInt64(memoryLimit) else {
            throw DecoderLimit.error(memory: needed)
        }
        memory = Int(needed)
        let status = unsafe lzma_raw_decoder(&stream, chain)
        guard status == LZMA_OK else { throw Self.error(status) }
    }

    deinit {
        unsafe lzma_end(&stream)
    }

    /// Decodes `input` from index `consumed` on until it or `output` ends, and moves `consumed` on.
    ///
    /// Throws `corrupt` if the data is no LZMA2.
    package func decode(
        _ input: [UInt8], _ consumed: inout Int, into output: inout OutputSpan<UInt8>
    ) throws(ImageError) -> Status {
        let status = unsafe input.withUnsafeBufferPointer { source in
            // liblzma reads and writes through these pointers only during lzma_code.
            unsafe stream.next_in = source.extracting(consumed...).baseAddress
            unsafe stream.avail_in = source.count - consumed
            let status = unsafe output.withUnsafeMutableBufferPointer { target, count in
                unsafe stream.next_out = target.extracting(count...).baseAddress
                unsafe stream.avail_out = target.count - count
                let status = unsafe lzma_code(&stream, LZMA_RUN)
                count = unsafe target.count - stream.avail_out
                return status
            }
            consumed = unsafe source.count - stream.avail_in
            return status
        }
        switch status {
        // BUF_ERROR only says that a call made no progress; the caller sees that too.
        case LZMA_OK, LZMA_BUF_ERROR: return .more
        case LZMA_STREAM_END: return .end
        default: throw Self.error(status)
        }
    }

    private static func error(_ status: lzma_ret) -> ImageError {
        switch status {
        case LZMA_MEM_ERROR: ImageError(.limit, "there is no memory left to decode with")
        case LZMA_OPTIONS_ERROR: ImageError(.unsupported, "liblzma cannot decode this chain of filters")
        default: ImageError(.corrupt, "the compressed data is damaged")
        }
    }
}
