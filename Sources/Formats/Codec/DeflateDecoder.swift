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

    /// Puts the first `count` bytes that `bytes` hold into `decoded`, which is empty; what follows their last block is not looked at.
    ///
    /// A stream that gives that many bytes will do, whether it ends there or not: so it is with qemu. Throws `corrupt` for
    /// any other. The caller has bounded `count`.
    package static func decode(
        _ bytes: [UInt8], count: Int, into decoded: inout [UInt8]
    ) throws(ImageError) {
        if try idle.withOne({ $0.decodeWhole(bytes, count, &decoded) }) { return }
        // -15: raw, with any distance that deflate has.
        var used = 0
        decoded = inflate(bytes, count, windowBits: -15, mayGoOn: true, &used)
        guard decoded.count == count else {
            throw ImageError(.corrupt, "deflate data of \(bytes.count) bytes does not hold \(count) bytes")
        }
    }

    /// Puts the bytes that the zlib data (RFC 1950) at the start of `bytes` holds into `decoded`, which is empty: `count` of them, with zeroes behind those there are,
    /// of which there must be `least`. Returns how many of `bytes` that data takes.
    ///
    /// Throws `corrupt` where there are more, or fewer, or the data is damaged. The caller has bounded `count`.
    @discardableResult
    package static func decodeZlib(
        _ bytes: [UInt8], count: Int, least: Int, into decoded: inout [UInt8]
    ) throws(ImageError) -> Int {
        var used = 0
        try idle.withOne { $0.decodeZlib(bytes, count, &decoded, &used) }
        // As with raw deflate: libdeflate is stricter than what else reads such data.
        if decoded.isEmpty { decoded = inflate(bytes, count, windowBits: 15, mayGoOn: false, &used) }
        guard decoded.count >= least, !decoded.isEmpty else {
            throw ImageError(
                .corrupt,
                decoded.isEmpty
                    ? "zlib data of \(bytes.count) bytes is damaged, or holds more than \(count) bytes"
                    : "zlib data of \(bytes.count) bytes holds \(decoded.count) bytes, expected \(least)")
        }
        decoded += [UInt8](repeating: 0, count: count - decoded.count)
        return used
    }

    /// By libdeflate, which takes only streams that end within `count` bytes; empty where it does not.
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

    /// By libdeflate, which is fast, and takes only streams that end after `count` bytes.
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

    /// By zlib, which stops after `count` bytes; empty where the stream is damaged, or goes on then and may not.
    private static func inflate(
        _ bytes: [UInt8], _ count: Int, windowBits: Int32, mayGoOn: Bool, _ used: inout Int
    ) -> [UInt8] {
        var stream = unsafe z_stream()
        // The macro inflateInit2.
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        guard unsafe inflateInit2_(&stream, windowBits, zlibVersion(), size) == Z_OK else { return [] }
        defer { _ = unsafe inflateEnd(&stream) }
        // zlib's pointer is not const, but nothing is written through it.
        var input = bytes
        return [UInt8](capacity: count) { output in
            unsafe output.withUnsafeMutableBufferPointer { target, filled in
                let status = unsafe input.withUnsafeMutableBufferPointer { source in
                    unsafe stream.next_in = source.baseAddress
                    unsafe stream.avail_in = UInt32(source.count)
                    unsafe stream.next_out = target.baseAddress
                    unsafe stream.avail_out = UInt32(count)
                    return unsafe CZlib.inflate(&stream, Z_FINISH)
                }
                let left = unsafe Int(stream.avail_out)
                let isDone = status == Z_STREAM_END || mayGoOn && status == Z_BUF_ERROR && left == 0
                filled = isDone ? count - left : 0
                used = unsafe bytes.count - Int(stream.avail_in)
            }
        }
    }
}
