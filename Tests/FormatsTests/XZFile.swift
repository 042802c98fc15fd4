import CLZMA

/// An .xz file made by liblzma, for tests.
enum XZFile {
    /// `content` in blocks of `blockSize` bytes; 0 makes one block.
    static func encode(_ content: [UInt8], blockSize: Int = 0, check: lzma_check = LZMA_CHECK_CRC64)
        -> [UInt8]
    {
        var stream = unsafe lzma_stream()
        var options = unsafe lzma_mt()
        unsafe options.threads = 1
        unsafe options.preset = 0
        unsafe options.check = check
        // The encoder with threads makes blocks of equal size; one thread is all it needs.
        unsafe options.block_size = UInt64(blockSize > 0 ? blockSize : max(content.count, 1))
        let status = unsafe lzma_stream_encoder_mt(&stream, &options)
        precondition(status == LZMA_OK)
        defer { unsafe lzma_end(&stream) }
        var output = [UInt8](repeating: 0, count: content.count + content.count / 8 + (1 << 16))
        let count = unsafe content.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe stream.next_in = source.baseAddress
                unsafe stream.avail_in = source.count
                unsafe stream.next_out = target.baseAddress
                unsafe stream.avail_out = target.count
                var status = LZMA_OK
                while status == LZMA_OK { status = unsafe lzma_code(&stream, LZMA_FINISH) }
                precondition(status == LZMA_STREAM_END)
                return unsafe target.count - stream.avail_out
            }
        }
        return Array(output[..<count])
    }
}
