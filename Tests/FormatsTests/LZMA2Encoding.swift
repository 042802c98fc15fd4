import CLZMA
import TestSupport

/// Makes LZMA2 data with liblzma, for tests.
enum LZMA2Encoding {
    /// Encodes `content` with a dictionary of `dictionary` bytes.
    ///
    /// `chunkInput` is the number of bytes of content in a chunk; by default the encoder chooses. `change` is the
    /// properties from the second half on, which need a reset. `isFast` makes the encoder look only for short matches
    /// nearby.
    static func encode(
        _ content: [UInt8], _ properties: LZMAProperties, dictionary: Int, chunkInput: Int? = nil,
        change: LZMAProperties? = nil, isFast: Bool = true
    ) -> [UInt8] {
        var stream = unsafe lzma_stream()
        var options = unsafe options(properties, dictionary, isFast)
        var output = [UInt8](
            repeating: 0,
            count: content.count + content.count / 4 + (4 << 10) + 64 * chunks(content, chunkInput))
        let count = unsafe withUnsafeMutablePointer(to: &options) { options in
            // LZMA_FILTER_LZMA2 and LZMA_VLI_UNKNOWN are macros that Swift does not import.
            let chain = unsafe [lzma_filter(id: 0x21, options: options), lzma_filter(id: .max, options: nil)]
            let status = unsafe lzma_raw_encoder(&stream, chain)
            precondition(status == LZMA_OK)
            return unsafe content.withUnsafeBufferPointer { source in
                unsafe output.withUnsafeMutableBufferPointer { target in
                    unsafe stream.next_in = source.baseAddress
                    unsafe stream.next_out = target.baseAddress
                    unsafe stream.avail_out = target.count
                    var left = content.count
                    var isChanged = change == nil
                    repeat {
                        let size = min(left, chunkInput ?? left, isChanged ? .max : max(1, content.count / 2))
                        left -= size
                        unsafe stream.avail_in = size
                        let action = left == 0 ? LZMA_FINISH : LZMA_SYNC_FLUSH
                        var status = LZMA_OK
                        while status == LZMA_OK { status = unsafe lzma_code(&stream, action) }
                        precondition(status == LZMA_STREAM_END)
                        if let change, !isChanged, left <= content.count / 2, left > 0 {
                            unsafe options.pointee.lc = UInt32(change.lc)
                            unsafe options.pointee.lp = UInt32(change.lp)
                            unsafe options.pointee.pb = UInt32(change.pb)
                            let status = unsafe lzma_filters_update(&stream, chain)
                            precondition(status == LZMA_OK)
                            isChanged = true
                        }
                    } while left > 0
                    return unsafe target.count - stream.avail_out
                }
            }
        }
        unsafe lzma_end(&stream)
        return Array(output[..<count])
    }

    private static func chunks(_ content: [UInt8], _ chunkInput: Int?) -> Int {
        chunkInput.map { content.count / $0 + 1 } ?? 1
    }

    private static func options(_ properties: LZMAProperties, _ dictionary: Int, _ isFast: Bool)
        -> lzma_options_lzma
    {
        var options = unsafe lzma_options_lzma()
        _ = unsafe lzma_lzma_preset(&options, isFast ? 0 : 6)
        unsafe options.dict_size = UInt32(dictionary)
        unsafe options.lc = UInt32(properties.lc)
        unsafe options.lp = UInt32(properties.lp)
        unsafe options.pb = UInt32(properties.pb)
        return unsafe options
    }
}
