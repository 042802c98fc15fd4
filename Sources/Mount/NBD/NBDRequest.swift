import VitrineFormats

/// A request of the kernel to an NBD server, without the data of a write (the NBD project's doc/proto.md, "Request message").
struct NBDRequest {
    /// The kinds that are answered with more than an error.
    enum Command: UInt16 {
        case read = 0
        case write = 1
        case disconnect = 2
        case flush = 3
    }

    /// The size of a request, and of the header of a reply, in bytes.
    static let size = 28
    static let replySize = 16

    /// The most bytes that a request may read or write. The kernel asks for as much if it is configured so.
    static let maximumLength = 32 << 20

    /// The kind. Nil if it is not one that is answered.
    let command: Command?

    /// The number that the reply repeats.
    let cookie: UInt64

    let offset: UInt64
    let length: Int

    /// Reads a request.
    ///
    /// Throws `corrupt` if it is none, or too large.
    init(_ bytes: [UInt8]) throws(ImageError) {
        let fields = Fields(bytes, at: 0)
        try fields.require("request magic", at: 0, is: [0x25, 0x60, 0x95, 0x13])
        command = Command(rawValue: try fields.big("type", at: 6))
        cookie = try fields.big("cookie", at: 8)
        offset = try fields.big("offset", at: 16)
        let length: UInt32 = try fields.big("length", at: 24)
        try fields.require("length", length, in: 0...UInt32(Self.maximumLength), at: 24)
        self.length = Int(length)
    }

    /// A reply ("Simple reply message") with room for `count` bytes of data, or one that says that the request `cookie` has failed with the
    /// errno `failure`.
    static func reply(to cookie: UInt64, failure: Int32 = 0, room count: Int = 0) -> [UInt8] {
        var writer = ByteWriter()
        writer.append([0x67, 0x44, 0x66, 0x98])
        writer.append(UInt32(bitPattern: failure).byteSwapped)
        writer.append(cookie.byteSwapped)
        writer.pad(to: replySize + count)
        return writer.bytes
    }
}
