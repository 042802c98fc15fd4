import VitrineFormats

/// A message of generic netlink (linux/netlink.h, linux/genetlink.h): a command to a part of the kernel, or its answer.
///
/// All numbers are in the order of the machine.
struct NetlinkMessage {
    /// The size of the header, `nlmsghdr`, in bytes.
    private static let headerSize = 16

    /// The size of the header with `genlmsghdr`, in bytes.
    private static let commandSize = 20

    /// The type that answers every command: NLMSG_ERROR.
    private static let errorType: UInt16 = 2

    /// The bit in the type of an attribute that holds others: NLA_F_NESTED.
    static let nested: UInt16 = 1 << 15

    /// The part of the kernel that it goes to or comes from.
    let family: UInt16

    /// The command. 0 for the last answer.
    let command: UInt8

    /// The errno that the command has failed with, or 0. Nil if this is not the last answer.
    private(set) var failure: Int32?

    /// The attributes by their types. Of several of one type, the last.
    private(set) var attributes: [UInt16: [UInt8]] = [:]

    /// A message without attributes.
    init(family: UInt16, command: UInt8) {
        self.family = family
        self.command = command
    }

    // MARK: Attributes

    /// Gives it the attribute `type`.
    mutating func set(_ type: UInt16, _ value: some FixedWidthInteger & UnsignedInteger) {
        attributes[type] = Self.bytes(value)
    }

    /// Gives it the attribute `type`, a text.
    mutating func set(_ type: UInt16, _ text: String) { attributes[type] = Array(text.utf8) + [0] }

    /// Gives it the attribute `type`, which holds the attributes `inner`.
    mutating func set(_ type: UInt16, nesting inner: [UInt8]) { attributes[type | Self.nested] = inner }

    /// The number in the attribute `type`. Nil if there is none, or no such number.
    func number<T: FixedWidthInteger>(_ type: UInt16, as _: T.Type = T.self) -> T? {
        guard let bytes = attributes[type], bytes.count >= T.bitWidth / 8 else { return nil }
        return try? Fields(bytes, at: 0).little("value", at: 0)
    }

    /// Takes over the attributes and the failure of a later answer.
    mutating func merge(_ later: NetlinkMessage) {
        attributes.merge(later.attributes) { $1 }
        failure = later.failure ?? failure
    }

    // MARK: Bytes

    /// The message as it is sent: the kernel shall answer (NLM_F_REQUEST and NLM_F_ACK).
    var bytes: [UInt8] {
        let body = attributes.sorted { $0.key < $1.key }.flatMap { Self.attribute($0.key, $0.value) }
        var writer = ByteWriter()
        writer.append(UInt32(Self.commandSize + body.count))
        writer.append(family)
        writer.append(UInt16(1 | 4))
        // The sequence number and the sender.
        for value in [1, 0] as [UInt32] { writer.append(value) }
        // Version 1 of the command.
        for value in [command, 1, 0, 0] as [UInt8] { writer.append(value) }
        writer.append(body)
        return writer.bytes
    }

    /// The bytes of a number.
    static func bytes(_ value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(value)
        return writer.bytes
    }

    /// An attribute: `nlattr`, and the value, up to a multiple of four bytes.
    static func attribute(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(UInt16(4 + value.count))
        writer.append(type)
        writer.append(value)
        writer.pad(to: (writer.bytes.count + 3) / 4 * 4)
        return writer.bytes
    }

    /// The messages in what was received at once.
    ///
    /// Throws `corrupt` if one is cut off.
    static func messages(_ bytes: [UInt8]) throws(ImageError) -> [NetlinkMessage] {
        var found: [NetlinkMessage] = []
        for (start, size) in try parts(Fields(bytes, at: 0), from: 0, headerSize: headerSize, "nlmsg_len") {
            let fields = Fields(Array(bytes[start..<start + size]), at: UInt64(start))
            let type: UInt16 = try fields.little("nlmsg_type", at: 4)
            if type == errorType {
                var message = NetlinkMessage(family: type, command: 0)
                let code: Int32 = try fields.little("error", at: headerSize)
                message.failure = code == .min ? .max : abs(code)
                found.append(message)
            } else {
                var message = NetlinkMessage(
                    family: type, command: try fields.little("cmd", at: headerSize, as: UInt8.self))
                for (start, size) in try parts(fields, from: commandSize, headerSize: 4, "nla_len") {
                    let type: UInt16 = try fields.little("nla_type", at: start + 2)
                    message.attributes[type & ~nested] = Array(fields.bytes[start + 4..<start + size])
                }
                found.append(message)
            }
        }
        return found
    }

    /// The places of what begins at the offset `start` with a header of `headerSize` bytes, one behind the other. The size of each, called
    /// `field`, stands first in its header: 4 bytes of a message, 2 of an attribute.
    private static func parts(
        _ fields: Fields, from start: Int, headerSize: Int, _ field: StaticString
    ) throws(ImageError) -> [(start: Int, size: Int)] {
        var found: [(start: Int, size: Int)] = []
        var start = start
        while start < fields.bytes.count {
            let size =
                headerSize == 4
                ? Int(try fields.little(field, at: start, as: UInt16.self))
                : Int(try fields.little(field, at: start, as: UInt32.self))
            try fields.require(
                field, size, in: headerSize...max(headerSize, fields.bytes.count - start), at: start)
            _ = try fields.slice(field, at: start, count: size)
            found.append((start, size))
            start += (size + 3) / 4 * 4
        }
        return found
    }
}
