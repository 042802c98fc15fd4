import NIOCore

/// The messages of a client, built one by one. The numbers are as in doc/proto.md, written out again here so that a
/// wrong constant in the server cannot hide.
struct ClientBytes {
    var bytes: [UInt8] = []

    /// Creates a client that begins with `flags`; 3 is fixed newstyle without zeroes.
    init(flags: UInt32 = 3) {
        append(flags)
    }

    mutating func append(_ values: any FixedWidthInteger...) {
        for value in values { appendInteger(value) }
    }

    private mutating func appendInteger(_ value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    mutating func option(_ number: UInt32, _ data: [UInt8] = []) {
        append(UInt64(0x4948_4156_454F_5054), number, UInt32(data.count))
        bytes += data
    }

    /// Sends INFO (6) or GO (7).
    mutating func choose(_ number: UInt32, _ name: String, info: [UInt16] = []) {
        var data = ClientBytes(flags: UInt32(name.utf8.count))
        data.bytes += Array(name.utf8)
        data.append(UInt16(info.count))
        for type in info { data.append(type) }
        option(number, data.bytes)
    }

    /// Sends LIST_META_CONTEXT (9) or SET_META_CONTEXT (10).
    mutating func meta(_ number: UInt32, _ name: String, _ queries: [String]) {
        var data = ClientBytes(flags: UInt32(name.utf8.count))
        data.bytes += Array(name.utf8)
        data.append(UInt32(queries.count))
        for query in queries {
            data.append(UInt32(query.utf8.count))
            data.bytes += Array(query.utf8)
        }
        option(number, data.bytes)
    }

    mutating func request(
        _ type: UInt16, flags: UInt16 = 0, cookie: UInt64 = 1, _ offset: UInt64, _ length: UInt32,
        payload: [UInt8] = []
    ) {
        append(UInt32(0x2560_9513), flags, type, cookie, offset, length)
        bytes += payload
    }
}

/// One reply to an option.
struct OptionReply: Equatable {
    var option: UInt32
    var type: UInt32
    var data: [UInt8]

    var text: String { String(decoding: data, as: UTF8.self) }

    static let ack: UInt32 = 1
    static let unsupported: UInt32 = 0x8000_0001
    static let policy: UInt32 = 0x8000_0002
    static let invalid: UInt32 = 0x8000_0003
    static let unknown: UInt32 = 0x8000_0006
    static let shutdown: UInt32 = 0x8000_0007
    static let tooBig: UInt32 = 0x8000_0009

    /// All replies in `buffer`, if it holds whole replies and nothing else.
    static func all(_ buffer: inout ByteBuffer) -> [OptionReply]? {
        var replies: [OptionReply] = []
        while buffer.readableBytes > 0 {
            guard
                let (magic, option, type, length) = buffer.readMultipleIntegers(
                    as: (UInt64, UInt32, UInt32, UInt32).self), magic == 0x0003_E889_0455_65A9,
                let data = buffer.readBytes(length: Int(length))
            else { return nil }
            replies.append(OptionReply(option: option, type: type, data: data))
        }
        return replies
    }
}
