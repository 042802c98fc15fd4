import VitrineFormats

/// A reply to a request of the kernel (linux/fuse.h: `fuse_out_header`, 16 bytes, and the body).
struct FUSEReply {
    /// The size of the header, in bytes.
    static let headerSize = 16

    /// The whole reply.
    let bytes: [UInt8]

    /// The reply `body` to the request `unique`.
    init(to unique: UInt64, _ body: [UInt8] = []) {
        var writer = ByteWriter()
        writer.append(UInt32(Self.headerSize + body.count))
        writer.append(UInt32(0))
        writer.append(unique)
        writer.append(body)
        bytes = writer.bytes
    }

    /// The reply that the request `unique` failed with the errno `error`, below 512.
    init(to unique: UInt64, failure error: Int32) {
        var writer = ByteWriter()
        writer.append(UInt32(Self.headerSize))
        writer.append(UInt32(bitPattern: -error))
        writer.append(unique)
        bytes = writer.bytes
    }

    /// The reply whose first `headerSize` bytes are free for the header, and whose body follows them: large bodies are not
    /// copied.
    init(to unique: UInt64, withRoomForHeader bytes: consuming [UInt8]) {
        let header = FUSEReply(to: unique).bytes
        bytes.replaceSubrange(0..<Self.headerSize, with: header)
        let count = UInt32(bytes.count)
        for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: count >> (8 * UInt32(index))) }
        self.bytes = bytes
    }
}
