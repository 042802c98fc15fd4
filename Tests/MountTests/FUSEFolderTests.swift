import Glibc
import TestSupport
import Testing
import VitrineFormats

@testable import VitrineMount

/// The replies to the kernel's requests (linux/fuse.h).
struct FUSEFolderTests {
    private let folder = FUSEFolder(
        files: [
            .init(name: "disk", source: MemorySource([UInt8](repeating: 7, count: 1000))),
            .init(name: "ä", source: MemorySource([UInt8](repeating: 1, count: 512))),
        ], user: 1, group: 2)

    private func bytes(_ values: UInt32...) -> [UInt8] {
        var writer = ByteWriter()
        for value in values { writer.append(value) }
        return writer.bytes
    }

    private func request(_ opcode: UInt32, node: UInt64 = 1, _ arguments: [UInt8] = []) throws -> FUSERequest
    {
        var writer = ByteWriter()
        writer.append(UInt32(40 + arguments.count))
        writer.append(opcode)
        writer.append(UInt64(99))
        writer.append(node)
        writer.pad(to: 40)
        writer.append(arguments)
        return try FUSERequest(writer.bytes)
    }

    /// The error and the body of the reply.
    private func reply(
        _ opcode: UInt32, node: UInt64 = 1, _ arguments: [UInt8] = []
    ) throws -> (error: Int32, body: [UInt8]) {
        let reply = try #require(try folder.reply(to: try request(opcode, node: node, arguments))).bytes
        let fields = Fields(reply, at: 0)
        #expect(try fields.little("len", at: 0, as: UInt32.self) == UInt32(reply.count))
        #expect(try fields.little("unique", at: 8, as: UInt64.self) == 99)
        return (-(try fields.little("error", at: 4, as: Int32.self)), Array(reply.dropFirst(16)))
    }

    private func number<T: FixedWidthInteger>(_ body: [UInt8], _ offset: Int, as _: T.Type) throws -> T {
        try Fields(body, at: 0).little("number", at: offset)
    }

    @Test func theKernelsOfferIsTakenAsFarAsItGoes() throws {
        let reply = try reply(26, bytes(7, 45, 131072, 1 | 1 << 22 | 1 << 3))
        #expect(reply.error == 0)
        #expect(reply.body.count == 64)
        #expect(Array(reply.body.prefix(16)) == bytes(7, 31, 131072, 1 | 1 << 22))
        #expect(try number(reply.body, 20, as: UInt32.self) == 128 << 10)
    }

    @Test func anotherVersionIsRefused() throws {
        for version in [(8, 1), (7, 22), (6, 99)] as [(UInt32, UInt32)] {
            #expect(throws: ImageError.self) { _ = try reply(26, bytes(version.0, version.1, 0, 0)) }
        }
    }

    @Test(arguments: [("disk", 2), ("ä", 3)] as [(String, UInt64)])
    func filesAreFoundByTheirNames(_ name: String, _ node: UInt64) throws {
        let reply = try reply(1, Array(name.utf8) + [0])
        #expect(reply.error == 0)
        #expect(reply.body.count == 128)
        #expect(try number(reply.body, 0, as: UInt64.self) == node)
    }

    @Test func otherNamesAreNotThere() throws {
        for name in ["", "dis", "disk2", "a\u{308}", ".."] {
            #expect(try reply(1, Array(name.utf8) + [0]).error == ENOENT)
        }
        #expect(try reply(1, node: 2, Array("disk".utf8) + [0]).error == ENOENT)
    }

    /// A loop device drops what lies behind the last whole sector.
    @Test func sizesAreWholeSectors() throws {
        for (node, size, mode) in [(1, 0, 0o40500), (2, 1024, 0o100400), (3, 512, 0o100400)]
            as [(UInt64, UInt64, UInt32)]
        {
            let body = try reply(3, node: node, [UInt8](repeating: 0, count: 16)).body
            #expect(body.count == 104)
            #expect(try number(body, 16 + 8, as: UInt64.self) == size)
            #expect(try number(body, 16 + 60, as: UInt32.self) == mode)
            #expect(try number(body, 16 + 68, as: UInt32.self) == 1)
            #expect(try number(body, 16 + 72, as: UInt32.self) == 2)
        }
        #expect(try reply(3, node: 4).error == ENOENT)
        #expect(try reply(3, node: .max).error == ENOENT)
    }

    @Test func filesOpenForReadingOnly() throws {
        #expect(try reply(14, node: 2, bytes(UInt32(O_RDONLY), 0)).error == 0)
        #expect(try reply(14, node: 2, bytes(UInt32(O_RDWR), 0)).error == EROFS)
        #expect(try reply(14, node: 9, bytes(0, 0)).error == ENOENT)
    }

    /// A program sees the disk as it is, and the kernel keeps what it has read.
    @Test func filesForProgramsHaveTheirOwnSize() throws {
        let source = MemorySource([UInt8](repeating: 7, count: 1000))
        let folder = FUSEFolder(
            files: [
                .init(name: "disk", source: source, for: .programs), .init(name: "loop", source: source),
                .init(
                    name: "other", source: MemorySource([UInt8](repeating: 7, count: 4096)), for: .programs),
                .init(name: "fuse2fs", source: source, for: .fuse2fs),
            ], user: 1, group: 2)
        // Programs look for holes only if there are fewer blocks.
        for (node, size, blocks, flags) in [
            (2, 1000, 1, 2), (3, 1024, 2, 1), (4, 4096, 7, 2), (5, 1000, 1, 1),
        ]
            as [(UInt64, UInt64, UInt64, UInt32)]
        {
            let attributes = try #require(try folder.reply(to: try request(3, node: node, [0, 0, 0, 0])))
            #expect(try number(attributes.bytes, 16 + 24, as: UInt64.self) == size)
            #expect(try number(attributes.bytes, 16 + 32, as: UInt64.self) == blocks)
            let opened = try #require(try folder.reply(to: try request(14, node: node, bytes(0, 0))))
            #expect(try number(opened.bytes, 16 + 8, as: UInt32.self) == flags)
        }
    }

    @Test func aDirectoryHasNoContent() throws {
        for opcode: UInt32 in [15, 16, 46] { #expect(try reply(opcode).error == EISDIR) }
    }

    private func names(_ body: [UInt8]) throws -> [String] {
        var names: [String] = []
        var offset = 0
        while offset < body.count {
            let length = Int(try number(body, offset + 16, as: UInt32.self))
            names.append(String(decoding: body[offset + 24..<offset + 24 + length], as: UTF8.self))
            offset += (24 + length + 7) / 8 * 8
        }
        return names
    }

    private func entries(from offset: UInt32, limit: UInt32) throws -> [String] {
        try names(try reply(28, bytes(0, 0, offset, 0, limit, 0, 0, 0, 0, 0)).body)
    }

    @Test func theDirectoryIsListedInParts() throws {
        #expect(try entries(from: 0, limit: 4096) == [".", "..", "disk", "ä"])
        #expect(try entries(from: 2, limit: 4096) == ["disk", "ä"])
        #expect(try entries(from: 0, limit: 70) == [".", ".."])
        #expect(try entries(from: 4, limit: 4096) == [])
        #expect(try entries(from: .max, limit: 4096) == [])
    }

    @Test func someRequestsGetNoReply() throws {
        for opcode: UInt32 in [2, 36, 42] {
            #expect(try folder.reply(to: try request(opcode)) == nil)
        }
    }

    @Test func whatIsNotKnownIsNotImplemented() throws {
        for opcode: UInt32 in [0, 4, 39, 47, 4096, .max] { #expect(try reply(opcode).error == ENOSYS) }
    }

    @Test func requestsThatAreCutOffAreErrors() throws {
        for count in 0..<24 {
            #expect(throws: ImageError.self) { _ = try FUSERequest([UInt8](repeating: 0, count: count)) }
        }
        for (opcode, arguments) in [(26, 15), (14, 3), (28, 19)] as [(UInt32, Int)] {
            #expect(throws: ImageError.self) {
                _ = try reply(opcode, node: 2, [UInt8](repeating: 7, count: arguments))
            }
        }
    }
}
