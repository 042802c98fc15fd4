import Testing
import VitrineFormats

@testable import VitrineMount

/// Messages of generic netlink (linux/netlink.h, linux/genetlink.h).
struct NetlinkMessageTests {
    /// Bytes of numbers in the order of the machine.
    private func words(_ values: UInt32...) -> [UInt8] { values.flatMap { NetlinkMessage.bytes($0) } }

    @Test func theBytesOfARequest() {
        var message = NetlinkMessage(family: 16, command: 3)
        message.set(2, "nbd")
        let expected: [UInt8] =
            words(28) + [16, 0, 5, 0] + words(1, 0) + [3, 1, 0, 0] + [8, 0, 2, 0] + Array("nbd\0".utf8)
        #expect(message.bytes == expected)
    }

    @Test func attributesArePaddedAndNested() {
        var message = NetlinkMessage(family: 30, command: 1)
        message.set(10, "abcd")
        let inner = NetlinkMessage.attribute(1, NetlinkMessage.bytes(UInt32(7)))
        message.set(7, nesting: NetlinkMessage.attribute(1 | NetlinkMessage.nested, inner))
        let body = Array(message.bytes.dropFirst(20))
        let text: [UInt8] = [9, 0, 10, 0] + Array("abcd\0".utf8) + [0, 0, 0]
        let sockets: [UInt8] = [16, 0, 7, 0x80] + [12, 0, 1, 0x80] + [8, 0, 1, 0, 7, 0, 0, 0]
        #expect(body == text + sockets)
    }

    @Test func answersWithAttributes() throws {
        var answer = NetlinkMessage(family: 30, command: 1)
        answer.set(1, UInt32(4))
        answer.set(2, UInt64(5))
        // What acknowledges: NLMSG_ERROR with 0, and the header of the request.
        let acknowledged = words(36) + [2, 0, 0, 1] + words(1, 0, 0, 20, 0, 1, 0)
        let found = try NetlinkMessage.messages(answer.bytes + acknowledged)
        #expect(found.count == 2)
        #expect(found[0].failure == nil)
        #expect(found[0].number(1, as: UInt32.self) == 4)
        #expect(found[0].number(2, as: UInt64.self) == 5)
        #expect(found[0].number(1, as: UInt64.self) == nil)
        #expect(found[0].number(3, as: UInt32.self) == nil)
        #expect(found[1].failure == 0)
        var both = found[0]
        both.merge(found[1])
        #expect(both.failure == 0)
        #expect(both.number(1, as: UInt32.self) == 4)
    }

    @Test(arguments: [(Int32(-16), Int32(16)), (.min, .max), (0, 0)])
    func failures(_ code: Int32, _ failure: Int32) throws {
        let bytes = words(20) + [2, 0, 0, 0] + words(1, 0, UInt32(bitPattern: code))
        #expect(try NetlinkMessage.messages(bytes).map(\.failure) == [failure])
    }

    @Test func everyTruncationIsAnError() throws {
        var message = NetlinkMessage(family: 30, command: 1)
        message.set(1, UInt32(4))
        let bytes = message.bytes
        for count in 1..<bytes.count {
            #expect(throws: ImageError.self) { try NetlinkMessage.messages(Array(bytes.prefix(count))) }
        }
        #expect(try NetlinkMessage.messages([]).isEmpty)
    }

    @Test func sizesThatCannotBeAreErrors() {
        var message = NetlinkMessage(family: 30, command: 1)
        message.set(1, UInt32(4))
        for (offset, value) in [(0, 15), (0, 0), (0, 255), (20, 3), (20, 0), (20, 9)] as [(Int, UInt8)] {
            var bytes = message.bytes
            bytes[offset] = value
            #expect(throws: ImageError.self) { try NetlinkMessage.messages(bytes) }
        }
    }
}
