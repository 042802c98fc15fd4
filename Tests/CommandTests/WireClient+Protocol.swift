import Foundation

/// The bytes of `value` in the order of the wire.
func big<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    unsafe withUnsafeBytes(of: value.bigEndian) { unsafe Array($0) }
}

/// The integer that `bytes` are on the wire.
func number(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0) { $0 << 8 | UInt64($1) }
}

extension WireClient {
    static let greeting = big(UInt64(0x4E42_444D_4147_4943)) + big(UInt64(0x4948_4156_454F_5054)) + [0, 3]

    /// Takes the greeting, and answers it with fixed newstyle.
    func greet() throws {
        _ = try receive(Self.greeting.count)
        try send(big(UInt32(3)))
    }

    func sendOption(_ option: UInt32, _ data: [UInt8] = []) throws {
        try send(big(UInt64(0x4948_4156_454F_5054)) + big(option) + big(UInt32(data.count)) + data)
    }

    /// The type and the data of the next reply to an option.
    func optionReply() throws -> (type: UInt32, data: [UInt8]) {
        let header = try receive(20)
        return (UInt32(number(header[12..<16])), try receive(Int(number(header[16..<20]))))
    }

    /// Does the whole handshake. Returns the size of the export.
    @discardableResult
    func enter(_ export: String = "", structured: Bool = true) throws -> UInt64 {
        try greet()
        if structured {
            try sendOption(8)
            _ = try optionReply()
        }
        try sendOption(7, big(UInt32(export.utf8.count)) + Array(export.utf8) + big(UInt16(0)))
        var size: UInt64 = 0
        while true {
            let reply = try optionReply()
            switch reply.type {
            case 1: return size
            case 3 where number(reply.data.prefix(2)) == 0: size = number(reply.data[2..<10])
            case 3: break
            default: throw TestRefusal(type: reply.type, text: String(decoding: reply.data, as: UTF8.self))
            }
        }
    }

    /// The server's refusal of an option.
    struct TestRefusal: Error {
        let type: UInt32
        let text: String
    }

    static func request(
        _ command: Command, cookie: UInt64 = 0, offset: UInt64 = 0, count: Int = 0
    ) -> [UInt8] {
        big(UInt32(0x2560_9513)) + big(UInt16(0)) + big(command.rawValue) + big(cookie) + big(offset)
            + big(UInt32(count))
    }

    func sendRead(cookie: UInt64 = 0, at offset: Int, count: Int) throws {
        try send(Self.request(.read, cookie: cookie, offset: UInt64(offset), count: count))
    }

    /// The next chunk of a structured reply. Nil if the server has closed the connection before it.
    func chunk() throws -> Chunk? {
        let header: [UInt8]
        do {
            header = try receive(20)
        } catch let end as ConnectionEnded where end.after == 0 {
            return nil
        }
        guard number(header[0..<4]) == 0x668E_33EF else { throw MalformedReply(header: header) }
        return Chunk(
            isLast: header[5] & 1 == 1, type: UInt16(number(header[6..<8])), cookie: number(header[8..<16]),
            payload: try receive(Int(number(header[16..<20]))))
    }

    /// The error and the cookie of the next simple reply.
    func simpleReply() throws -> (error: UInt32, cookie: UInt64) {
        let header = try receive(16)
        guard number(header[0..<4]) == 0x6744_6698 else { throw MalformedReply(header: header) }
        return (UInt32(number(header[4..<8])), number(header[8..<16]))
    }

    struct MalformedReply: Error {
        let header: [UInt8]
    }

    /// Reads `count` bytes at `offset`. The read must succeed, with a structured reply of chunks in order.
    func readBytes(at offset: Int, count: Int) throws -> Data {
        try sendRead(at: offset, count: count)
        var bytes = Data()
        while let chunk = try chunk() {
            switch chunk.type {
            case Chunk.offsetData: bytes += chunk.payload[8...]
            case Chunk.offsetHole: bytes += Data(count: Int(number(chunk.payload[8...])))
            default: throw MalformedReply(header: chunk.payload)
            }
            if chunk.isLast { break }
        }
        return bytes
    }
}
