import CDeflate
import CZlib

/// A decoder of raw deflate (RFC 1951), for data whose decoded size is known.
///
/// @unchecked Sendable: it is handed from thread to thread, and used by one at a time.
/// @safe: the pointer lives as long as this does.
@safe package final class DeflateDecoder: @unchecked Sendable {
    private static let idle = IdleDecoders { DeflateDecoder() }

    private let decoder: OpaquePointer

    private init?() {
        guard let decoder = unsafe libdeflate_alloc_decompressor() else { return nil }
        unsafe self.decoder = decoder
    }

    deinit {
        unsafe libdeflate_free_decompressor(decoder)
    }

    /// Decodes the first `count` bytes that `bytes` hold into `decoded`, which is empty. Bytes behind their last block are not looked at.
    ///
    /// Accepts any stream that gives that many bytes, whether it ends there or not, as qemu does. Throws `corrupt` for any other. The
    /// caller has bounded `count`.
    package static func decode(
        _ bytes: [UInt8], count: Int, into decoded: inout [UInt8]
    ) throws(ImageError) {
        if try idle.withOne({ $0.decodeWhole(bytes, count, &decoded) }) { return }
        // -15: raw deflate, with any distance that deflate has.
        let inflated = inflate(bytes, count, windowBits: -15)
        guard inflated.decoded.count == count,
            inflated.status == Z_STREAM_END || inflated.status == Z_BUF_ERROR
        else {
            throw ImageError(
                .corrupt, "deflate data of \(bytes.count) bytes \(inflated.fault(expected: count, count))")
        }
        decoded = inflated.decoded
    }

    /// Decodes the zlib data (RFC 1950) at the start of `bytes` into `decoded`, which is empty, and adds zeroes up to `count` bytes.
    /// The data must hold at least `least` bytes. Returns the number of bytes of `bytes` that it takes.
    ///
    /// Throws `corrupt` if the data holds more than `count` or fewer than `least` bytes, or is damaged. The caller has bounded `count`.
    @discardableResult
    package static func decodeZlib(
        _ bytes: [UInt8], count: Int, least: Int, into decoded: inout [UInt8]
    ) throws(ImageError) -> Int {
        var used = 0
        try idle.withOne { $0.decodeZlib(bytes, count, &decoded, &used) }
        // As with raw deflate, libdeflate is stricter than other readers of such data.
        if decoded.count < max(least, 1) {
            let inflated = inflate(bytes, count, windowBits: 15)
            guard inflated.decoded.count >= max(least, 1), inflated.status == Z_STREAM_END else {
                throw ImageError(
                    .corrupt, "zlib data of \(bytes.count) bytes \(inflated.fault(expected: least, count))")
            }
            (decoded, used) = (inflated.decoded, inflated.used)
        }
        decoded += [UInt8](repeating: 0, count: count - decoded.count)
        return used
    }

    /// Decodes with libdeflate, which takes only streams that end within `count` bytes. `decoded` stays empty for any other.
    private func decodeZlib(_ bytes: [UInt8], _ count: Int, _ decoded: inout [UInt8], _ used: inout Int) {
        decoded.append(addingCapacity: count) { output in
            unsafe output.withUnsafeMutableBufferPointer { target, filled in
                var produced = 0
                let result = unsafe bytes.withUnsafeBytes { source in
                    unsafe libdeflate_zlib_decompress_ex(
                        decoder, source.baseAddress, source.count, target.baseAddress, count, &used,
                        &produced)
                }
                filled = result == LIBDEFLATE_SUCCESS ? min(produced, count) : 0
            }
        }
    }

    /// Decodes with libdeflate, which is fast, and takes only streams that end after `count` bytes. Returns false for any other.
    private func decodeWhole(_ bytes: [UInt8], _ count: Int, _ decoded: inout [UInt8]) -> Bool {
        decoded.append(addingCapacity: count) { output in
            unsafe output.withUnsafeMutableBufferPointer { target, filled in
                let result = unsafe bytes.withUnsafeBytes { source in
                    unsafe libdeflate_deflate_decompress(
                        decoder, source.baseAddress, source.count, target.baseAddress, count, nil)
                }
                filled = result == LIBDEFLATE_SUCCESS ? count : 0
            }
        }
        return decoded.count == count
    }

    /// The result of zlib.
    private struct Inflated {
        var status: Int32
        /// The message of zlib. Nil if it gives none.
        var message: String?
        var decoded: [UInt8] = []
        /// The number of bytes of the data that it has taken.
        var used = 0

        /// Describes the fault of data that should hold `expected` to `most` bytes.
        func fault(expected: Int, _ most: Int) -> String {
            switch status {
            case Z_STREAM_END: "holds \(decoded.count) bytes, expected \(expected)"
            case Z_NEED_DICT: "needs a preset dictionary"
            case Z_BUF_ERROR where decoded.count == most: "holds more than \(most) bytes"
            case Z_BUF_ERROR: "is cut short: it holds \(decoded.count) bytes, expected \(expected)"
            default: "is damaged: \(message ?? "status \(status)")"
            }
        }
    }

    /// Decodes with zlib, which stops after `count` bytes.
    private static func inflate(_ bytes: [UInt8], _ count: Int, windowBits: Int32) -> Inflated {
        var stream = unsafe z_stream()
        // The macro inflateInit2.
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        let status = unsafe inflateInit2_(&stream, windowBits, zlibVersion(), size)
        guard status == Z_OK else { return Inflated(status: status) }
        defer { _ = unsafe inflateEnd(&stream) }
        var inflated = Inflated(status: status)
        // zlib's pointer is not const, but nothing is written through it.
        var input = bytes
        inflated.decoded = [UInt8](capacity: count) { output in
            unsafe output.withUnsafeMutableBufferPointer { target, filled in
                inflated.status = unsafe input.withUnsafeMutableBufferPointer { source in
                    unsafe stream.next_in = source.baseAddress
                    unsafe stream.avail_in = UInt32(source.count)
                    unsafe stream.next_out = target.baseAddress
                    unsafe stream.avail_out = UInt32(count)
                    return unsafe CZlib.inflate(&stream, Z_FINISH)
                }
                filled = unsafe count - Int(stream.avail_out)
            }
        }
        inflated.used = unsafe bytes.count - Int(stream.avail_in)
        if let message = unsafe stream.msg { inflated.message = unsafe String(cString: message) }
        return inflated
    }
}
