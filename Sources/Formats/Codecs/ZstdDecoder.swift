import CZstd

/// A decoder of frames of Zstandard (RFC 8878), for data whose decoded size is known.
///
/// @unchecked Sendable: it is handed from thread to thread, and used by one at a time.
/// @safe: the pointer lives as long as this does.
@safe package final class ZstdDecoder: @unchecked Sendable {
    /// The log2 of the largest window that a frame may ask for, as in qemu. The decoded data is its own window here, so the window
    /// takes no memory.
    static let maximumWindowBits: UInt8 = 27

    private static let idle = IdleDecoders { ZstdDecoder() }

    private let context: OpaquePointer

    private init?() {
        guard let context = unsafe ZSTD_createDCtx() else { return nil }
        unsafe self.context = context
    }

    deinit {
        unsafe ZSTD_freeDCtx(context)
    }

    /// Decodes the frames at the start of `bytes`, which together hold `count` bytes, into `decoded`, which is empty. Bytes behind the
    /// last frame are not looked at.
    ///
    /// Throws `corrupt` if whole frames do not give exactly that many bytes, and `limit` for a frame that asks for a window of more
    /// than 128 MiB. The caller has bounded `count`.
    package static func decode(
        _ bytes: [UInt8], count: Int, into decoded: inout [UInt8]
    ) throws(ImageError) {
        let failure = try idle.withOne { decoder in
            var (position, failure) = (0, ImageError?.none)
            decoded.append(addingCapacity: count) { output in
                while output.count < count, failure == nil {
                    do throws(ImageError) {
                        try requireSmallWindow(bytes, at: position)
                        try decoder.decodeFrame(bytes, &position, into: &output)
                    } catch {
                        failure = error
                    }
                }
            }
            return failure
        }
        if let failure { throw failure }
    }

    /// Decodes the frame at `position` of `bytes`, and moves `position` behind it.
    private func decodeFrame(
        _ bytes: [UInt8], _ position: inout Int, into output: inout OutputSpan<UInt8>
    ) throws(ImageError) {
        let start = position
        let (size, result) = unsafe bytes.withUnsafeBufferPointer { source -> (Int, Int) in
            let rest = source.extracting(start...)
            let size = unsafe ZSTD_findFrameCompressedSize(rest.baseAddress, rest.count)
            guard ZSTD_isError(size) == 0 else { return (0, size) }
            return unsafe output.withUnsafeMutableBufferPointer { target, filled in
                let room = target.extracting(filled...)
                let result = unsafe ZSTD_decompressDCtx(
                    context, room.baseAddress, room.count, rest.baseAddress, size)
                if ZSTD_isError(result) == 0 { filled += result }
                return (size, result)
            }
        }
        guard ZSTD_isError(result) == 0 else {
            throw Self.failure(
                ZSTD_getErrorCode(result), at: start, of: bytes.count, output.count, output.freeCapacity)
        }
        position += size
    }

    /// The error for byte `position` of `count` bytes, at which there is no frame: `held` bytes have been decoded and `missing` have not.
    private static func failure(
        _ code: ZSTD_ErrorCode, at position: Int, of count: Int, _ held: Int, _ missing: Int
    ) -> ImageError {
        if position == count || position > 0 && code == ZSTD_error_prefix_unknown {
            return ImageError(
                .corrupt,
                "zstd frames end at byte \(position) of \(count) and hold \(held) bytes, "
                    + "expected \(held + missing)")
        }
        let problem =
            switch code {
            case ZSTD_error_dstSize_tooSmall:
                "holds more than the \(missing) bytes that are left of the cluster"
            case ZSTD_error_srcSize_wrong: "is cut short"
            case ZSTD_error_dictionary_wrong: "needs a dictionary"
            default: "is damaged"
            }
        return ImageError(.corrupt, "zstd frame at byte \(position) of \(count) \(problem)")
    }

    /// Throws `limit` if the frame at `position` asks for too large a window (RFC 8878, section 3.1.1.1).
    private static func requireSmallWindow(_ bytes: [UInt8], at position: Int) throws(ImageError) {
        // A magic number, a descriptor, and unless bit 5 of the descriptor says otherwise, log2 of the window less 10.
        guard position <= bytes.count - 6,
            bytes[position..<position + 4].elementsEqual([0x28, 0xB5, 0x2F, 0xFD]),
            bytes[position + 4] & 0x20 == 0
        else { return }
        let bits = bytes[position + 5] >> 3 + 10
        guard bits <= maximumWindowBits else {
            throw ImageError(
                .limit,
                "zstd frame at byte \(position) of \(bytes.count) asks for a window of 2^\(bits) bytes, "
                    + "expected 2^\(maximumWindowBits) at most")
        }
    }
}
