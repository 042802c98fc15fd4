import CLZMA

@testable import VitrineFormats

/// Makes .xz files with liblzma, for tests.
enum XZFile {
    /// The filter before LZMA2.
    enum Filter: CaseIterable {
        case x86
        case delta
    }

    /// Encodes `content` in blocks of `blockSize` bytes; 0 makes one block.
    static func encode(
        _ content: [UInt8], blockSize: Int = 0, check: lzma_check = LZMA_CHECK_CRC64, filter: Filter? = nil
    ) -> [UInt8] {
        guard let filter else { return unsafe encode(content, blockSize, check, filters: nil) }
        var lzma = unsafe lzma_options_lzma()
        precondition(unsafe lzma_lzma_preset(&lzma, 0) == 0)
        var delta = unsafe lzma_options_delta()
        unsafe delta.type = LZMA_DELTA_TYPE_BYTE
        unsafe delta.dist = 3
        return unsafe withUnsafeMutablePointer(to: &lzma) { lzma in
            unsafe withUnsafeMutablePointer(to: &delta) { delta in
                let first =
                    switch filter {
                    case .x86: unsafe lzma_filter(id: 0x04, options: nil)
                    case .delta: unsafe lzma_filter(id: 0x03, options: delta)
                    }
                let chain = unsafe [
                    first, lzma_filter(id: 0x21, options: lzma),
                    lzma_filter(id: .max, options: nil),
                ]
                return unsafe chain.withUnsafeBufferPointer {
                    unsafe encode(content, blockSize, check, filters: $0.baseAddress)
                }
            }
        }
    }

    /// Changes the check of `file`, which has one stream, to another kind of the same size.
    static func withCheck(_ id: UInt8, _ file: [UInt8]) -> [UInt8] {
        var file = file
        func seal(_ range: Range<Int>, at place: Int) {
            var crc = CRC32()
            crc.update(Array(file[range]).span)
            for index in 0..<4 { file[place + index] = UInt8(truncatingIfNeeded: crc.value >> (8 * index)) }
        }
        file[7] = id
        seal(6..<8, at: 8)
        file[file.count - 3] = id
        seal(file.count - 8..<file.count - 2, at: file.count - 12)
        return file
    }

    private static func encode(
        _ content: [UInt8], _ blockSize: Int, _ check: lzma_check, filters: UnsafePointer<lzma_filter>?
    ) -> [UInt8] {
        var stream = unsafe lzma_stream()
        var options = unsafe lzma_mt()
        unsafe options.threads = 1
        unsafe options.preset = 0
        unsafe options.filters = filters
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
