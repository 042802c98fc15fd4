import CZlib

@testable import VitrineFormats

/// Deflate data made and decoded by zlib, and decoded by Vitrine.
enum RawDeflate {
    /// The data that zlib makes of `content`.
    static func deflate(
        _ content: [UInt8], level: Int32 = 6, strategy: Int32 = Z_DEFAULT_STRATEGY, memory: Int32 = 8
    ) -> [UInt8] {
        var stream = unsafe z_stream()
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        guard
            unsafe deflateInit2_(&stream, level, Z_DEFLATED, -15, memory, strategy, zlibVersion(), size)
                == Z_OK
        else { return [] }
        defer { _ = unsafe deflateEnd(&stream) }
        var content = content
        let bound = unsafe Int(deflateBound(&stream, UInt(content.count))) + 64
        return [UInt8](capacity: bound) { output in
            unsafe output.withUnsafeMutableBufferPointer { target, filled in
                unsafe content.withUnsafeMutableBufferPointer { source in
                    unsafe stream.next_in = source.baseAddress
                    unsafe stream.avail_in = UInt32(source.count)
                    unsafe stream.next_out = target.baseAddress
                    unsafe stream.avail_out = UInt32(bound)
                    _ = unsafe CZlib.deflate(&stream, Z_FINISH)
                }
                filled = unsafe bound - Int(stream.avail_out)
            }
        }
    }

    /// The end of decoding.
    enum End: Equatable {
        case stream, cut, damage, limit
    }

    /// The result of decoding.
    struct Result: Equatable {
        var output: [UInt8] = []
        var end: End
        /// The number of bytes taken, if the stream has ended.
        var taken = 0
    }

    /// Decodes with zlib, up to `limit` bytes.
    static func inflateWithZlib(_ bytes: [UInt8], limit: Int) -> Result {
        var stream = unsafe z_stream()
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        guard unsafe inflateInit2_(&stream, -15, zlibVersion(), size) == Z_OK else {
            return Result(end: .damage)
        }
        defer { _ = unsafe inflateEnd(&stream) }
        var bytes = bytes
        var status: Int32 = 0
        let output = [UInt8](capacity: limit) { output in
            unsafe output.withUnsafeMutableBufferPointer { target, filled in
                unsafe bytes.withUnsafeMutableBufferPointer { source in
                    unsafe stream.next_in = source.baseAddress
                    unsafe stream.avail_in = UInt32(source.count)
                    unsafe stream.next_out = target.baseAddress
                    unsafe stream.avail_out = UInt32(limit)
                    status = unsafe CZlib.inflate(&stream, Z_NO_FLUSH)
                }
                filled = unsafe limit - Int(stream.avail_out)
            }
        }
        switch status {
        case Z_STREAM_END:
            return Result(output: output, end: .stream, taken: unsafe bytes.count - Int(stream.avail_in))
        case Z_DATA_ERROR: return Result(output: output, end: .damage)
        default: return Result(output: output, end: output.count == limit ? .limit : .cut)
        }
    }

    /// Decodes with Vitrine, in chunks of `chunk` bytes, up to `limit` bytes.
    static func inflate(_ bytes: [UInt8], chunk: Int = 128 << 10, limit: Int = .max) throws -> Result {
        let inflater = try Inflater(MemorySource(bytes), 0..<UInt64(bytes.count))
        var result = inflater.result(chunk: chunk, limit: limit)
        if result.end == .stream { result.taken = Int(inflater.inputOffset) }
        return result
    }
}

extension Inflater {
    /// All bytes that are decoded and not taken yet.
    func taken() -> [UInt8] {
        let count = available
        return [UInt8](capacity: count) { take(count, into: &$0) }
    }

    /// The rest of the stream.
    func result(chunk: Int = 128 << 10, limit: Int = .max) -> RawDeflate.Result {
        var output: [UInt8] = []
        do throws(ImageError) {
            while output.count < limit {
                let hasEnded = try decode(upTo: min(chunk, limit - output.count))
                output += taken()
                if hasEnded { return RawDeflate.Result(output: output, end: .stream) }
            }
            return RawDeflate.Result(output: Array(output.prefix(limit)), end: .limit)
        } catch {
            output += taken()
            return RawDeflate.Result(output: output, end: isCut ? .cut : .damage)
        }
    }
}
