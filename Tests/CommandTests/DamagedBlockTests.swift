import Foundation
import Testing
import TestSupport

/// An .xz file with damage in one block: the rest of the disk stays readable, and the server stays up.
@Suite(.needs(.sfdisk, .xz))
struct DamagedBlockTests {
    /// A copy of the test disk in .xz, with one bit flipped in the middle of a block.
    private struct DamagedDisk {
        let file: URL
        /// The number of the damaged block, from 1 on.
        let number: Int
        /// The offset of the damaged block in the file.
        let offset: Int
        /// The offset of its check in the file.
        let checkOffset: Int
        let check: Data

        var range: Range<Int> { (number - 1) << 20..<number << 20 }

        init(block number: Int, in folder: URL) throws {
            let good = try TestDisk.shared().xz
            let list = try Tool.xz.run("--robot", "--list", "-v", "-v", good.path).output
            let rows = list.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
            let block = try #require(rows.first { $0[0] == "block" && $0[3] == String(number) })
            let size = try #require(Int(block[6]))
            offset = try #require(Int(block[4]))
            checkOffset = offset + size - 8
            var bytes = try Data(contentsOf: good)
            check = bytes[checkOffset..<checkOffset + 8]
            bytes[offset + size / 2] ^= 0x10
            file = try folder.file("damaged.raw.xz", bytes)
            self.number = number
        }

        /// The text about the damage, up to the value that the data gives.
        var text: String {
            let stored = check.map { String(format: "%02x", $0) }.joined(separator: " ")
            return "xz: block \(number) at \(offset): CRC64 at \(checkOffset) is \(stored), the data gives "
        }
    }

    /// Runs `body` with a damaged block 7. It is noise, which xz stores as it is, so that only the check shows the
    /// damage.
    private func withDamage(_ body: (DamagedDisk, RunningServer) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let disk = try DamagedDisk(block: 7, in: folder)
            try withServer(disk.file) { try body(disk, $0) }
        }
    }

    @Test func errorGoesOverTheWireAndTheConnectionGoesOn() throws {
        try withDamage { disk, server in
            let client = try server.client()
            try client.enter()
            let offset = disk.range.lowerBound + 4096
            for _ in 1...2 {
                try client.sendRead(cookie: 7, at: offset, count: 4096)
                let chunk = try #require(try client.chunk())
                #expect(chunk.type == WireClient.Chunk.errorOffset)
                #expect(chunk.isLast)
                #expect(chunk.cookie == 7)
                #expect(number(chunk.payload[..<4]) == 5, "EIO")
                #expect(String(decoding: chunk.payload[6...], as: UTF8.self).hasPrefix(disk.text))
                #expect(number(chunk.payload.suffix(8)) == UInt64(offset))
            }
            let bytes = try TestDisk.shared().bytes
            #expect(
                try client.readBytes(at: 0, count: disk.range.lowerBound) == bytes[..<disk.range.lowerBound])
            let rest = disk.range.upperBound..<TestDisk.size
            #expect(try client.readBytes(at: rest.lowerBound, count: rest.count) == bytes[rest])
        }
    }

    @Test func largeReadGivesWhatIsBeforeTheDamage() throws {
        try withDamage { disk, server in
            let client = try server.client()
            try client.enter()
            try client.sendRead(at: 0, count: TestDisk.size)
            let bytes = try TestDisk.shared().bytes
            var position = 0
            while let chunk = try client.chunk(), chunk.type != WireClient.Chunk.errorOffset {
                #expect(number(chunk.payload[..<8]) == UInt64(position))
                let isHole = chunk.type == WireClient.Chunk.offsetHole
                let data =
                    isHole ? Data(count: Int(number(chunk.payload[8...]))) : Data(chunk.payload[8...])
                #expect(data == bytes[position..<position + data.count])
                position += data.count
            }
            #expect(position == disk.range.lowerBound)
        }
    }

    @Test func simpleReplyIsAnErrorWithoutData() throws {
        try withDamage { disk, server in
            let client = try server.client()
            try client.enter(structured: false)
            try client.sendRead(cookie: 1, at: disk.range.lowerBound - 4096, count: 8192)
            #expect(try client.simpleReply() == (5, 1))
            try client.sendRead(cookie: 2, at: disk.range.upperBound, count: 4096)
            #expect(try client.simpleReply() == (0, 2))
            let range = disk.range.upperBound..<disk.range.upperBound + 4096
            #expect(try Data(client.receive(4096)) == TestDisk.shared().bytes[range])
        }
    }

    @Test func errorIsLogged() throws {
        try withDamage { disk, server in
            let client = try server.client()
            try client.enter("p2")
            try client.sendRead(at: 2 << 20 - 512, count: 512)
            #expect(try client.chunk()?.type == WireClient.Chunk.errorOffset)
            try server.said("read of 512 bytes at \(2 << 20 - 512) of export \"p2\": \(disk.text)")
            #expect(server.program.errorsSoFar.split(separator: "\n").count == 1)
            #expect(server.program.errorsSoFar.hasPrefix("vitrine: "))
        }
    }

    /// A client that retries must not fill a disk with log lines.
    @Test func aPlaceThatIsReadAgainIsCounted() throws {
        try withTemporaryFolder { folder in
            let disk = try DamagedDisk(block: 7, in: folder)
            let program = try withServer(disk.file) { server in
                let client = try server.client()
                try client.enter()
                for number in 0..<150 {
                    try client.sendRead(at: disk.range.lowerBound + number * 512, count: 512)
                    #expect(try client.chunk()?.type == WireClient.Chunk.errorOffset)
                }
                return server.program
            }
            let lines = program.errorsSoFar.split(separator: "\n")
            #expect(lines.count == 4, "\(program.errorsSoFar.prefix(2000))")
            #expect(lines.prefix(3).allSatisfy { $0.contains(disk.text) })
            #expect(lines.prefix(3).map { $0.suffix(19) }.last == " (100 times by now)")
            #expect(lines.last == "vitrine: warning: 150 failures in all")
        }
    }

    @Test func whatFailedIsCalledByItsName() throws {
        try withDamage { disk, server in
            let client = try server.client()
            try client.enter()
            try client.send(
                WireClient.request(.cache, cookie: 3, offset: UInt64(disk.range.lowerBound), count: 4096))
            #expect(try client.chunk()?.cookie == 3)
            try server.said("CACHE of 4096 bytes at \(disk.range.lowerBound) of export \"\": \(disk.text)")
        }
    }

    /// Block 3 is compressed: the decoder itself fails.
    @Test func damageInCompressedDataIsReportedWithItsPlace() throws {
        try withTemporaryFolder { folder in
            let disk = try DamagedDisk(block: 3, in: folder)
            try withServer(disk.file) { server in
                let client = try server.client()
                try client.enter()
                try client.sendRead(at: disk.range.lowerBound, count: 1)
                let chunk = try #require(try client.chunk())
                #expect(chunk.type == WireClient.Chunk.errorOffset)
                let text = String(decoding: chunk.payload.dropFirst(6).dropLast(8), as: UTF8.self)
                let prefix = "xz: block 3 at \(disk.offset): LZMA data of the chunk at "
                #expect(text.hasPrefix(prefix))
                let place = try #require(Int(text.dropFirst(prefix.count).prefix { $0.isNumber }))
                #expect((disk.offset..<disk.checkOffset).contains(place))
            }
        }
    }

    @Test(.needs(.qemuIO))
    func qemuGetsAnErrorThereAndDataElsewhere() throws {
        try withDamage { disk, server in
            let bad = try Tool.qemuIO.run("-r", "-f", "raw", "-c", "r 6m 64k", server.uri)
            #expect(bad.output.contains("read failed: Input/output error"), "\(bad.errors)")
            let good = try Tool.qemuIO.run(
                "-r", "-f", "raw", "-c", "r -P 0xa5 2m 1m", "-c", "r -P 0 7m 1m", server.uri)
            #expect(good.status == 0, "\(good.output)")
        }
    }

    @Test(.needs(.nbdcopy))
    func copyFailsAndTheServerStaysUp() throws {
        try withDamage { disk, server in
            let copy = try Tool.nbdcopy.run(server.uri, server.folder.path + "/copy")
            #expect(copy.status != 0)
            #expect(copy.errors.contains("Input/output error"), "\(copy.errors)")
            let partition = try Tool.nbdcopy.run(server.uri(of: "p1"), "-")
            #expect(try partition.data == TestDisk.shared().bytes[TestDisk.first], "\(partition.errors)")
        }
    }
}
