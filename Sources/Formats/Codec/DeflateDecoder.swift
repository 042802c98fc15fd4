import CDeflate
import CZlib
import Synchronization

/// A decoder of raw deflate (RFC 1951), for data whose decoded size is known.
///
/// @unchecked Sendable: it is handed from thread to thread, and used by one at a time.
/// @safe: the pointer lives as long as this does.
@safe package final class DeflateDecoder: @unchecked Sendable {
    private static let idle = Mutex<[DeflateDecoder]>([])
    private static let maximumIdle = 64

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
        guard let decoder = idle.withLock({ $0.popLast() }) ?? DeflateDecoder() else {
            throw ImageError(.limit, "there is no memory left to decode with")
        }
        defer { idle.withLock { if $0.count < maximumIdle { $0.append(decoder) } } }
        guard decoder.decodeWhole(bytes, count, &decoded) || decodeStart(bytes, count, &decoded) else {
            throw ImageError(.corrupt, "deflate data of \(bytes.count) bytes does not hold \(count) bytes")
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

    /// By zlib, which stops after `count` bytes.
    private static func decodeStart(_ bytes: [UInt8], _ count: Int, _ decoded: inout [UInt8]) -> Bool {
        var stream = unsafe z_stream()
        // The macro inflateInit2; -15: raw, with any distance that deflate has.
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        guard unsafe inflateInit2_(&stream, -15, zlibVersion(), size) == Z_OK else { return false }
        defer { _ = unsafe inflateEnd(&stream) }
        // zlib's pointer is not const, but nothing is written through it.
        var input = bytes
        decoded.append(addingCapacity: count) { output in
            unsafe output.withUnsafeMutableBufferPointer { target, filled in
                let status = unsafe input.withUnsafeMutableBufferPointer { source in
                    unsafe stream.next_in = source.baseAddress
                    unsafe stream.avail_in = UInt32(source.count)
                    unsafe stream.next_out = target.baseAddress
                    unsafe stream.avail_out = UInt32(count)
                    return unsafe inflate(&stream, Z_FINISH)
                }
                let isFull = unsafe stream.avail_out == 0
                filled = isFull && (status == Z_STREAM_END || status == Z_BUF_ERROR) ? count : 0
            }
        }
        return decoded.count == count
    }
}
